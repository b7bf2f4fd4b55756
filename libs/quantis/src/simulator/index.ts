export type { Fault, FaultKind } from './faults.js';
export { LIE_KINDS, liar } from './lies.js';
export type { Liar, LieKind, LieOptions } from './lies.js';
export { startSimulator } from './simulator.js';
export type { Simulator, SimulatorOptions } from './simulator.js';
