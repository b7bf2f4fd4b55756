/**
 * The collector: an application context without a listener.
 *
 *   EntropySources -> SourcesService (health tests, mixing) -> OutputBuffer -> PushScheduler -> Carrier (https, udp, spool)
 */
import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { LoggerModule } from 'nestjs-pino';
import { QuantisModule } from '#libs/quantis';
import { logDestination } from '#libs/log';
import { DiodeService } from './diode/diode.service.js';
import { OperatorService } from './operator/operator.service.js';
import { Identity } from './push/identity.js';
import { Carrier } from './push/carrier.js';
import { carrierOf } from './push/open-carrier.js';
import { PushScheduler } from './push/push.scheduler.js';
import { CollectorSettings } from './settings.js';
import { OutputBuffer } from './sources/output-buffer.js';
import { SourcesService } from './sources/sources.service.js';
import { Ledger } from './ledger/ledger.js';
import { TelemetryService } from './telemetry/telemetry.service.js';

@Global()
@Module({})
export class CollectorModule {
  static forRoot(settings: Readonly<CollectorSettings>, identity: Identity): DynamicModule {
    return {
      module: CollectorModule,
      imports: [
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          load: [() => ({ collector: settings })],
        }),
        LoggerModule.forRoot({
          pinoHttp: [{ level: settings.QRNG_LOG_LEVEL, autoLogging: false }, logDestination()],
          forRoutes: [],
        }),
        QuantisModule.forRoot({
          urls: settings.QRNG_APPLIANCE_URLS,
          caFile: settings.QRNG_APPLIANCE_CA_FILE,
          fingerprints: settings.QRNG_APPLIANCE_FINGERPRINT,
        }),
      ],
      providers: [
        {
          provide: CollectorSettings,
          useFactory: (config: ConfigService) => config.getOrThrow<CollectorSettings>('collector'),
          inject: [ConfigService],
        },
        { provide: Identity, useValue: identity },
        { provide: OutputBuffer, useFactory: () => new OutputBuffer(settings.QRNG_BUFFER_SIZE) },
        Ledger,
        DiodeService,
        SourcesService,
        OperatorService,
        TelemetryService,
        { provide: Carrier, useFactory: () => carrierOf(settings, identity) },
        PushScheduler,
      ],
    };
  }
}
