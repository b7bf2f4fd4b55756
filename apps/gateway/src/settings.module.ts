/** What every module may inject without an import: the settings, where they came from, the clock, and a worker's channel to its head. */
import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Clock } from './clock.js';
import type { Channel } from './link/channel.js';
import { HEAD } from './link/head.js';
import { GatewaySettings } from './settings.js';
import { SettingsSource } from './settings-source.js';

@Global()
@Module({})
export class SettingsModule {
  /** @param source where secrets are read again while the gateway runs. @param head in a worker. */
  static forRoot(settings: Readonly<GatewaySettings>, source: SettingsSource, head?: Channel): DynamicModule {
    return {
      module: SettingsModule,
      imports: [
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          load: [() => ({ gateway: settings })],
        }),
      ],
      providers: [
        {
          provide: GatewaySettings,
          useFactory: (config: ConfigService) => config.getOrThrow<GatewaySettings>('gateway'),
          inject: [ConfigService],
        },
        { provide: SettingsSource, useValue: source },
        { provide: HEAD, useFactory: () => head },
        Clock,
      ],
      exports: [GatewaySettings, SettingsSource, HEAD, Clock],
    };
  }
}
