/** Wires the configured sources into a Nest application and closes them when it ends. */
import { Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { createSources } from './create-sources.js';
import type { SourceOptions } from './create-sources.js';
import type { EntropySource } from './source.js';

/** All sources of this collector. */
export class EntropySources implements OnApplicationShutdown {
  constructor(readonly all: readonly EntropySource[]) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.all.map((source) => source.close()));
  }
}

@Module({})
export class QuantisModule {
  /** @throws {RangeError} when an option is not valid. */
  static forRoot(options: SourceOptions): DynamicModule {
    return {
      module: QuantisModule,
      providers: [{ provide: EntropySources, useFactory: () => new EntropySources(createSources(options)) }],
      exports: [EntropySources],
    };
  }
}
