/** Says which scope of a key opens a route; without it any key does. */
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { Scope } from '../clients/client.js';

export const REQUIRED_SCOPES = 'qrng:scopes';

/** Any one of `scopes` opens the route. OpenAPI 3.1 lists them as the roles of the bearer scheme. */
export function Scopes(...scopes: Scope[]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(REQUIRED_SCOPES, scopes),
    ...scopes.map((scope) => ApiSecurity('bearer', [scope])),
  );
}
