/**
 * What is used of class-validator, each from its own file: the package as a whole loads validator.js and the telephone
 * numbers of all countries, 300 modules, a tenth of the time that the gateway takes to start.
 */
export { ArrayUnique } from '#class-validator/decorator/array/ArrayUnique';
export { IsIn } from '#class-validator/decorator/common/IsIn';
export { IsOptional } from '#class-validator/decorator/common/IsOptional';
export { ValidateBy } from '#class-validator/decorator/common/ValidateBy';
export { ValidateIf } from '#class-validator/decorator/common/ValidateIf';
export { Max } from '#class-validator/decorator/number/Max';
export { Min } from '#class-validator/decorator/number/Min';
export { Matches } from '#class-validator/decorator/string/Matches';
export { IsArray } from '#class-validator/decorator/typechecker/IsArray';
export { IsBoolean } from '#class-validator/decorator/typechecker/IsBoolean';
export { IsInt } from '#class-validator/decorator/typechecker/IsInt';
export { Validator } from '#class-validator/validation/Validator';
