/** `GET /docs/api.md`: the guide to the API, which the OpenAPI document and Swagger UI link to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../gate/public.decorator.js';
import { ApiError } from '../problem/api-error.js';

@ApiExcludeController()
@Public()
@Controller('docs/api.md')
export class GuideController {
  #guide: string | undefined;

  /** Plain text, which every browser shows; not every one shows text/markdown. */
  @Get()
  @Header('content-type', 'text/plain; charset=utf-8')
  read(): string {
    this.#guide ??= readGuide();
    return this.#guide;
  }
}

/** From the folder of the project, beside `dist` or the sources. */
function readGuide(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  const path = join(folder, 'docs', 'api.md');
  if (!existsSync(path)) throw new ApiError('not-found', 'This installation has no docs/api.md.');
  return readFileSync(path, 'utf8');
}
