/** The gateway's settings: every environment variable it knows, with its default and what it must be. */
import { availableParallelism } from 'node:os';
import {
  ChoiceVariable,
  FileVariable,
  HmacKeyVariable,
  IntegerVariable,
  IsOptional,
  ListVariable,
  Live,
  Needs,
  PathVariable,
  Secret,
  SigningKeyVariable,
  spoolDirectory,
  ValidateIf,
  Variable,
} from '#libs/settings';
import { isApiKeyEntry } from './clients/api-key-entry.js';
import { isToken } from './clients/token.js';
import { isAddressRange } from './addresses/trusted-proxies.js';
import { parseListenAddress } from './addresses/listen-address.js';
import { isOrigin, isReceiver, isRedisUrl, isWorkers, MOST_WORKERS } from './settings-values.js';

export class GatewaySettings {
  @Variable(
    'HOST:PORT, such as 0.0.0.0:7764 or [::]:7764',
    (value) => parseListenAddress(value) !== undefined,
  )
  QRNG_LISTEN_ADDRESS = '0.0.0.0:7764';

  @ChoiceVariable('on', 'off')
  QRNG_TLS: 'on' | 'off' = 'on';

  @ValidateIf(speaksTls)
  @FileVariable()
  @Needs('QRNG_TLS=on', speaksTls)
  QRNG_TLS_CERT_FILE?: string;

  @ValidateIf(speaksTls)
  @FileVariable()
  @Needs('QRNG_TLS=on', speaksTls)
  QRNG_TLS_KEY_FILE?: string;

  @IsOptional()
  @FileVariable()
  @Variable('unset with QRNG_TLS=off: then it is the proxy that sees certificates', (_, settings) =>
    speaksTls(settings),
  )
  @Needs('QRNG_INGEST=on', takesPackets)
  QRNG_TLS_CLIENT_CA_FILE?: string;

  // A gateway that takes no packets needs no key: none to steal in a public zone.
  @ValidateIf(
    (settings: GatewaySettings) =>
      settings.QRNG_HMAC_SECRET_KEY !== undefined ||
      (settings.QRNG_INGEST !== 'off' && settings.QRNG_COLLECTOR_KEYS_FILE === undefined),
  )
  @Secret()
  @HmacKeyVariable()
  @Live()
  QRNG_HMAC_SECRET_KEY?: string;

  /** Its file is there for good, and empty but for rotations. */
  @IsOptional()
  @Secret({ mayBeEmpty: true })
  @HmacKeyVariable()
  @Live()
  QRNG_HMAC_SECRET_KEY_PREVIOUS?: string;

  /** Keys of single collectors; those that are not in it share QRNG_HMAC_SECRET_KEY. */
  @IsOptional()
  @FileVariable()
  QRNG_COLLECTOR_KEYS_FILE?: string;

  @ValidateIf(
    (settings: GatewaySettings) =>
      settings.QRNG_API_KEY !== undefined || settings.QRNG_API_KEYS_FILE === undefined,
  )
  @Secret()
  @ListVariable(
    'one or more comma separated KEY or NAME:KEY, a key of 32 to 256 characters (or use QRNG_API_KEYS_FILE)',
    isApiKeyEntry,
  )
  @Live()
  QRNG_API_KEY?: string[];

  @IsOptional()
  @FileVariable()
  QRNG_API_KEYS_FILE?: string;

  @PathVariable('directory')
  QRNG_STATE_DIR!: string;

  /** Where this environment was read from, to be read again on SIGHUP; the unit sets it to its EnvironmentFile=. */
  @IsOptional()
  @PathVariable('file')
  QRNG_SETTINGS_PATH?: string;

  @ChoiceVariable('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')
  @Live()
  QRNG_LOG_LEVEL = 'info';

  /** Whether each request is logged; `off` where a proxy in front does that. */
  @ChoiceVariable('on', 'off')
  @Live()
  @Needs('QRNG_LOG_LEVEL=info, debug or trace', logsRequests)
  QRNG_ACCESS_LOG: 'on' | 'off' = 'on';

  @IntegerVariable(1, 86_400)
  @Live()
  @Needs('QRNG_INGEST=on', takesPackets)
  QRNG_PACKET_TTL_SECS = 300;

  @IntegerVariable(0, 3600)
  QRNG_CLOCK_SKEW_SECS = 60;

  @IntegerVariable(1, 4 * 1024 ** 3)
  QRNG_BUFFER_SIZE = 10_485_760;

  @ChoiceVariable('discard', 'replace')
  @Needs('QRNG_INGEST=on', takesPackets)
  QRNG_BUFFER_OVERFLOW_POLICY: 'discard' | 'replace' = 'discard';

  @IntegerVariable(0)
  @Live()
  QRNG_BUFFER_TTL_SECS = 0;

  /** What becomes of entropy that fails the health tests here, or shows in a draw that it is not random. */
  @ChoiceVariable('refuse', 'warn')
  QRNG_ON_BAD_ENTROPY: 'refuse' | 'warn' = 'refuse';

  @IntegerVariable(1, 86_400)
  @Live()
  QRNG_RATE_LIMIT_WINDOW_SECS = 60;

  @IntegerVariable(1)
  @Live()
  QRNG_RATE_LIMIT_MAX = 100;

  @IntegerVariable(1)
  @Live()
  QRNG_RATE_LIMIT_BURST = 20;

  @IntegerVariable(1)
  @Live()
  QRNG_RATE_LIMIT_BLOCK_AFTER = 10;

  @IntegerVariable(1, 86_400 * 365)
  @Live()
  QRNG_RATE_LIMIT_BLOCK_SECS = 900;

  @IntegerVariable(1, 65_536)
  QRNG_MAX_REQUEST_BYTES = 65_536;

  /** After SIGTERM the gateway serves on for this time, not ready, and every answer is the last one on its connection. */
  @IntegerVariable(0, 300)
  QRNG_DRAIN_SECS = 2;

  @IsOptional()
  @ListVariable('off, or comma separated addresses or CIDR ranges of proxies', isAddressRange)
  @Variable(
    'off, or a list without it',
    (value) => !Array.isArray(value) || value.length <= 1 || !value.includes('off'),
  )
  QRNG_TRUST_PROXY: string[] = ['off'];

  @IsOptional()
  @ListVariable(
    'comma separated origins of pages that may use the API, such as https://app.example.com',
    isOrigin,
  )
  QRNG_CORS_ORIGINS?: string[];

  @IsOptional()
  @Secret()
  @Variable('a token of 16 to 256 characters of A-Z a-z 0-9 . _ ~ + / - and = at the end', (value) =>
    isToken(value, 16, 256),
  )
  @Live()
  QRNG_METRICS_TOKEN?: string;

  @IsOptional()
  @PathVariable('directory')
  QRNG_AUDIT_DIR?: string;

  @IntegerVariable(1, 3650)
  QRNG_AUDIT_RETENTION_DAYS = 90;

  @IsOptional()
  @Secret()
  @Variable('redis:// or rediss://[USER:PASSWORD@]HOST[:PORT][/DATABASE]', isRedisUrl)
  QRNG_REDIS_URL?: string;

  /** Begins the names of all keys in Redis. */
  @Variable('1 to 64 of A-Z a-z 0-9 . _ : -', (value) => /^[A-Za-z0-9._:-]{1,64}$/.test(String(value)))
  @Needs('QRNG_REDIS_URL', hasRedis)
  QRNG_REDIS_PREFIX = 'qrng';

  @Variable(
    'on, or (only with QRNG_REDIS_URL: nothing else would fill the pool) off',
    (value, settings) => value === 'on' || (value === 'off' && hasRedis(settings)),
  )
  QRNG_INGEST: 'on' | 'off' = 'on';

  /** Processes that serve on one port, beside the one that takes packets and keeps the pool; 1: that one serves, too. */
  @Variable(
    `auto (one a processor core) or a whole number from 1 to ${MOST_WORKERS}; 1 with QRNG_REDIS_URL, where several gateways share a port`,
    (value, settings) => value === '1' || (isWorkers(value) && !hasRedis(settings)),
  )
  QRNG_WORKERS = '1';

  /** One-way inputs beside `/push`, for carriers without answers (docs/diode.md). */
  @IsOptional()
  @ListVariable('a comma separated list of udp://ADDRESS:PORT and spool:///DIRECTORY', isReceiver)
  @Variable('unset with QRNG_INGEST=off', (_, settings) => settings.QRNG_INGEST !== 'off')
  QRNG_RECEIVE?: string[];

  /** With spool://: for how long packets wait for a file that is missing before them. */
  @IntegerVariable(0, 60_000)
  @Needs('spool:// in QRNG_RECEIVE', readsSpool)
  QRNG_SPOOL_PATIENCE_MS = 10_000;

  /** Receipts for draws that ask for one, in a log that anybody can check (docs/receipts.md). */
  @ChoiceVariable('on', 'off')
  QRNG_RECEIPTS: 'on' | 'off' = 'off';

  /** Signs the log. */
  @ValidateIf(wantsReceipts('QRNG_RECEIPTS_KEY'))
  @Secret()
  @SigningKeyVariable()
  @Needs('QRNG_RECEIPTS=on', issuesReceipts)
  QRNG_RECEIPTS_KEY?: string;

  /** Names the log: never use a name again for another one. */
  @ValidateIf(wantsReceipts('QRNG_RECEIPTS_ORIGIN'))
  @Variable(
    'the name of this log, such as gateway.example.com/receipts: 1 to 255 of A-Z a-z 0-9 . _ ~ : / @ -',
    (value) => typeof value === 'string' && /^[A-Za-z0-9._~:/@-]{1,255}$/.test(value),
  )
  @Needs('QRNG_RECEIPTS=on', issuesReceipts)
  QRNG_RECEIPTS_ORIGIN?: string;

  @IntegerVariable(1, 36_500)
  @Needs('QRNG_RECEIPTS=on', issuesReceipts)
  QRNG_RECEIPTS_RETENTION_DAYS = 3650;
}

/** With receipts on, and where it is given, a variable is checked. */
function wantsReceipts(
  name: 'QRNG_RECEIPTS_KEY' | 'QRNG_RECEIPTS_ORIGIN',
): (settings: GatewaySettings) => boolean {
  return (settings) => settings.QRNG_RECEIPTS === 'on' || settings[name] !== undefined;
}

function hasRedis(settings: Partial<GatewaySettings>): boolean {
  return settings.QRNG_REDIS_URL !== undefined;
}

function speaksTls({ QRNG_TLS: tls }: Partial<GatewaySettings>): boolean {
  return tls === 'on';
}

function takesPackets({ QRNG_INGEST: ingest }: Partial<GatewaySettings>): boolean {
  return ingest === 'on';
}

function readsSpool({ QRNG_RECEIVE: receive = [] }: Partial<GatewaySettings>): boolean {
  return receive.some((url) => spoolDirectory(url) !== undefined);
}

function logsRequests({
  QRNG_ACCESS_LOG: log,
  QRNG_LOG_LEVEL: level = '',
}: Partial<GatewaySettings>): boolean {
  return log === 'off' || ['info', 'debug', 'trace'].includes(level);
}

/** An operator who has written `off` beside the key and the name has them ready for later, as setup has. */
function issuesReceipts(
  { QRNG_RECEIPTS: receipts }: Partial<GatewaySettings>,
  isGiven: (name: string) => boolean,
): boolean {
  return receipts === 'on' || isGiven('QRNG_RECEIPTS');
}

/** How many processes serve. */
export function workersOf({ QRNG_WORKERS: workers }: Pick<GatewaySettings, 'QRNG_WORKERS'>): number {
  return workers === 'auto' ? Math.min(availableParallelism(), MOST_WORKERS) : Number(workers);
}

/** The carriers by which this gateway takes packets. */
export function transportsOf(settings: Readonly<GatewaySettings>): string[] {
  if (settings.QRNG_INGEST === 'off') return [];
  const others = (settings.QRNG_RECEIVE ?? []).map((url) => new URL(url).protocol.slice(0, -1));
  return ['https', ...new Set(others)];
}
