/** The receipt log, where receipts are on; without it nothing of an answer is remembered. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { ifThere, replaceFile } from '#libs/files';
import { SettingsError } from '#libs/settings';
import { SALT_BYTES, TILE_WIDTH } from '#libs/tlog';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../clock.js';
import { logEvent } from '../log-events.js';
import type { Channel } from '../link/channel.js';
import { HEAD } from '../link/head.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { Warnings } from '../metrics/warnings.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { REDIS, RedisModule } from '../redis/redis.module.js';
import { GatewaySettings } from '../settings.js';
import { StateDirectory } from '../state/state-directory.js';
import { StateModule } from '../state/state.module.js';
import { ForwardedReceipts } from './forwarded-receipts.js';
import { LineageBook } from './lineage-book.js';
import { LineageExchange } from './lineage-exchange.js';
import { LineageRecords } from './lineage-records.js';
import { ReceiptLogError } from './log-files.js';
import { ReceiptLog } from './receipt-log.js';
import { LineageService } from './lineage.service.js';
import { Receipts } from './receipts.js';
import { RECEIPTS } from './token.js';
import type { ReceiptKeeper } from './token.js';

const DAY_MS = 86_400_000;

@Module({
  imports: [RedisModule, StateModule],
  providers: [
    LineageService,
    {
      provide: RECEIPTS,
      inject: [GatewaySettings, Clock, StateDirectory, GatewayMetrics, AuditTrail, Warnings, REDIS, HEAD],
      useFactory: openReceipts,
    },
  ],
  exports: [RECEIPTS, LineageService],
})
export class ReceiptsModule {}

async function openReceipts(
  settings: GatewaySettings,
  clock: Clock,
  state: StateDirectory,
  metrics: GatewayMetrics,
  audit: AuditTrail,
  warnings: Warnings,
  redis: RedisConnection | undefined,
  head: Channel | undefined,
): Promise<ReceiptKeeper | undefined> {
  const { QRNG_RECEIPTS: isOn, QRNG_RECEIPTS_KEY: pem, QRNG_RECEIPTS_ORIGIN: name } = settings;
  if (isOn === 'off' || pem === undefined || name === undefined) return undefined;
  if (head !== undefined) return new ForwardedReceipts(head);
  const directory = join(state.path, 'receipts');
  const log = await openLog(directory, { name, key: createPrivateKey(pem) });
  logEvent('log', 'receipt-log-opened', { origin: name, publicKey: log.publicKey, entries: log.size });
  const book = new LineageBook();
  const lineage = new LineageRecords(directory);
  lineage.cut((log.cut?.first ?? 0) / TILE_WIDTH);
  const receipts = new Receipts({
    ...{ directory, log, clock },
    book,
    exchange: redis && new LineageExchange(redis, book),
    lineage,
    salt: logSalt(join(directory, 'salt')),
    retentionMs: settings.QRNG_RECEIPTS_RETENTION_DAYS * DAY_MS,
    onCut: (entries) => {
      logEvent('log', 'receipts-cut', { entries, first: log.cut?.first });
      audit.record('receipts-cut', { count: entries });
    },
  });
  metrics.observeReceipts(receipts.log, () => receipts.fault);
  warnings.from(() =>
    receipts.fault === undefined
      ? []
      : [`Requests that ask for a receipt are refused: ${receipts.fault}. Make room in QRNG_STATE_DIR.`],
  );
  return receipts;
}

async function openLog(directory: string, key: Parameters<typeof ReceiptLog.open>[1]): Promise<ReceiptLog> {
  try {
    return await ReceiptLog.open(directory, key);
  } catch (error) {
    if (error instanceof ReceiptLogError) throw new SettingsError([`QRNG_STATE_DIR: ${error.message}`]);
    throw error;
  }
}

/** Hides the names of clients in the public log; who has it can find out a name by trying. */
function logSalt(path: string): Buffer {
  const known = ifThere(() => readFileSync(path));
  if (known !== undefined) return known;
  const salt = randomBytes(SALT_BYTES);
  replaceFile(path, salt);
  return salt;
}
