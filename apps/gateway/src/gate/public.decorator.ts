/** Marks an open route; every other one needs an API key. */
import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';

export const PUBLIC = 'qrng:public';

/** Opens a controller or a handler to clients without an API key. */
export function Public(): CustomDecorator {
  return SetMetadata(PUBLIC, true);
}
