/** The collector's settings: every environment variable it knows, with its default and what it must be. */
import { isCollectorId, MAX_ENTROPY_BYTES, MAX_SOURCES } from '#libs/crypto';
import { BLOCK_BYTES, FULL_ENTROPY, MIXING_STRATEGIES } from '#libs/entropy';
import type { MixingStrategy } from '#libs/entropy';
import { isFingerprint, isSourceUrl } from '#libs/quantis/settings';
import {
  ChoiceVariable,
  FileVariable,
  HmacKeyVariable,
  IntegerVariable,
  IsOptional,
  isSecureUrl,
  ListVariable,
  Live,
  Needs,
  PathVariable,
  Secret,
  SigningKeyVariable,
  spoolDirectory,
  Variable,
} from '#libs/settings';

const MAX_FETCH_BYTES = 16 * 1024 * 1024; // the most a Quantis driver gives at once
const DAY_MS = 86_400_000;
const LEAST_ENTROPY = 0.5;
/** The least that every IPv6 network carries (RFC 8200). */
const LEAST_SIGNED_MTU = 1280;

export class CollectorSettings {
  @ListVariable(
    'a comma separated list of https://HOST/api/2.0/streambytes or file:///dev/NAME (http:// only to loopback)',
    isSourceUrl,
  )
  @Variable(`1 to ${MAX_SOURCES} sources, each named once`, isSourceSet)
  QRNG_APPLIANCE_URLS!: string[];

  @IsOptional()
  @FileVariable()
  @Needs('a source of https:// in QRNG_APPLIANCE_URLS', hasAppliance)
  QRNG_APPLIANCE_CA_FILE?: string;

  @IsOptional()
  @ListVariable(
    'a comma separated list of SHA-256 certificate fingerprints (64 hex digits each)',
    isFingerprint,
  )
  @Needs('a source of https:// in QRNG_APPLIANCE_URLS', hasAppliance)
  QRNG_APPLIANCE_FINGERPRINT?: string[];

  @ChoiceVariable(...MIXING_STRATEGIES)
  @Variable(
    'xor, hkdf or cbc-mac when there are several sources',
    (value, { QRNG_APPLIANCE_URLS: urls }: CollectorSettings) =>
      value !== 'none' || !Array.isArray(urls) || urls.length <= 1,
  )
  @Needs('a second source in QRNG_APPLIANCE_URLS: xor of one is that one', mixes)
  QRNG_MIXING_STRATEGY: MixingStrategy = 'none';

  /** Bits of min-entropy a byte, for all sources or for each; default: 8, what conditioned output has. */
  @IsOptional()
  @ListVariable(`a comma separated list of bits a byte, ${LEAST_ENTROPY} to ${FULL_ENTROPY}`, isMinEntropy)
  @Variable(
    'one value, or one for each source',
    (value, { QRNG_APPLIANCE_URLS: urls }: CollectorSettings) =>
      !Array.isArray(value) || !Array.isArray(urls) || [1, urls.length].includes(value.length),
  )
  @Variable(
    `${FULL_ENTROPY} unless QRNG_MIXING_STRATEGY is cbc-mac: only that makes full bytes of fewer bits`,
    (value, { QRNG_MIXING_STRATEGY: strategy }: CollectorSettings) =>
      !Array.isArray(value) || strategy === 'cbc-mac' || value.every((bits) => Number(bits) === FULL_ENTROPY),
  )
  QRNG_SOURCE_MIN_ENTROPY?: string[];

  /** How many sources must contribute to what is passed on; default: all of them. */
  @IsOptional()
  @IntegerVariable(1, MAX_SOURCES)
  @Variable(
    'at most the number of sources',
    (value, { QRNG_APPLIANCE_URLS: urls }: CollectorSettings) =>
      !Array.isArray(urls) || Number(value) <= urls.length,
  )
  @Needs(
    'a QRNG_MIXING_STRATEGY',
    ({ QRNG_MIXING_STRATEGY: strategy }: CollectorSettings) => strategy !== 'none',
  )
  QRNG_MIXING_MIN_SOURCES?: number;

  @IntegerVariable(1, MAX_FETCH_BYTES)
  QRNG_FETCH_CHUNK_SIZE = 8192;

  @IntegerVariable(0, DAY_MS)
  QRNG_FETCH_INTERVAL_MS = 100;

  @IntegerVariable(1, 1024 ** 3)
  @Variable(
    'at least QRNG_FETCH_CHUNK_SIZE',
    (value, { QRNG_FETCH_CHUNK_SIZE }: CollectorSettings) => !(Number(value) < QRNG_FETCH_CHUNK_SIZE),
  )
  @Variable(
    `at least ${BLOCK_BYTES} with a QRNG_MIXING_STRATEGY: mixed blocks are that long`,
    (value, { QRNG_MIXING_STRATEGY: strategy }: CollectorSettings) =>
      strategy === 'none' || !(Number(value) < BLOCK_BYTES),
  )
  QRNG_BUFFER_SIZE = 1_048_576;

  @Variable(
    'an https:// URL (http:// only to loopback) such as https://gateway:7764/push, or udp://HOST:PORT, or spool:///DIRECTORY',
    isPushUrl,
  )
  QRNG_PUSH_URL!: string;

  /** With udp://: the size of IP packets on the whole way to the gateway. */
  @IntegerVariable(576, 9000)
  @Variable(
    'at least 1280 with QRNG_SIGNING_KEY: a signed heartbeat would not fit',
    (value, { QRNG_PUSH_URL: url, QRNG_SIGNING_KEY: key }: CollectorSettings) =>
      key === undefined || URL.parse(url)?.protocol !== 'udp:' || Number(value) >= LEAST_SIGNED_MTU,
  )
  @Needs('udp:// in QRNG_PUSH_URL', pushesBy('udp:'))
  QRNG_UDP_MTU = 1500;

  /** With udp://: the fixed rate of the packets' bytes. */
  @IntegerVariable(1500, 10 ** 9)
  @Needs('udp:// in QRNG_PUSH_URL', pushesBy('udp:'))
  QRNG_PUSH_BYTES_PER_SECOND = 2_000_000;

  /** With spool://: the most bytes of packets that wait to be moved. */
  @IntegerVariable(65_536, 2 ** 40)
  @Needs('spool:// in QRNG_PUSH_URL', pushesBy('spool:'))
  QRNG_SPOOL_MAX_BYTES = 67_108_864;

  @IsOptional()
  @FileVariable()
  @Needs('https:// in QRNG_PUSH_URL: nothing else is encrypted', pushesBy('https:'))
  QRNG_PUSH_CA_FILE?: string;

  @IsOptional()
  @FileVariable()
  @Variable(
    'given together with QRNG_PUSH_KEY_FILE',
    (_, settings: CollectorSettings) => settings.QRNG_PUSH_KEY_FILE !== undefined,
  )
  @Needs('https:// in QRNG_PUSH_URL: nothing else is encrypted', pushesBy('https:'))
  QRNG_PUSH_CERT_FILE?: string;

  @IsOptional()
  @FileVariable()
  @Variable(
    'given together with QRNG_PUSH_CERT_FILE',
    (_, settings: CollectorSettings) => settings.QRNG_PUSH_CERT_FILE !== undefined,
  )
  @Needs('https:// in QRNG_PUSH_URL: nothing else is encrypted', pushesBy('https:'))
  QRNG_PUSH_KEY_FILE?: string;

  @Live()
  @IntegerVariable(1, DAY_MS)
  QRNG_PUSH_INTERVAL_MS = 500;

  @IntegerVariable(1, MAX_ENTROPY_BYTES)
  @Needs(
    'a value below QRNG_UDP_MTU: over udp:// each packet is one datagram',
    (settings: CollectorSettings) =>
      !pushesBy('udp:')(settings) || settings.QRNG_PUSH_MAX_BYTES < settings.QRNG_UDP_MTU,
  )
  QRNG_PUSH_MAX_BYTES = 65_536;

  @Variable('1 to 16 of a-z 0-9 -', (value) => typeof value === 'string' && isCollectorId(value))
  QRNG_COLLECTOR_ID = 'collector-1';

  @Live()
  @IntegerVariable(1, DAY_MS)
  @Needs(
    'a value below 1000: over udp://, and with QRNG_SIGNING_KEY, a heartbeat leaves each second',
    (settings: CollectorSettings) =>
      !(pushesBy('udp:')(settings) || settings.QRNG_SIGNING_KEY !== undefined) ||
      settings.QRNG_HEARTBEAT_INTERVAL_MS < 1000,
  )
  QRNG_HEARTBEAT_INTERVAL_MS = 5000;

  @IntegerVariable(1, DAY_MS)
  QRNG_INITIAL_BACKOFF_MS = 100;

  @IntegerVariable(1, DAY_MS)
  @Variable(
    'at least QRNG_INITIAL_BACKOFF_MS',
    (value, { QRNG_INITIAL_BACKOFF_MS }: CollectorSettings) => !(Number(value) < QRNG_INITIAL_BACKOFF_MS),
  )
  QRNG_MAX_BACKOFF_MS = 30_000;

  @Live()
  @Secret()
  @HmacKeyVariable()
  QRNG_HMAC_SECRET_KEY!: string;

  /** Signs which packets this collector has sent (docs/receipts.md). */
  @IsOptional()
  @Secret()
  @SigningKeyVariable()
  QRNG_SIGNING_KEY?: string;

  @PathVariable('directory')
  QRNG_STATE_DIR!: string;

  /** Where this environment was read from, to be read again on SIGHUP; the unit sets it to its EnvironmentFile=. */
  @IsOptional()
  @PathVariable('file')
  QRNG_SETTINGS_PATH?: string;

  @Live()
  @ChoiceVariable('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')
  QRNG_LOG_LEVEL = 'info';
}

/** The same source twice would be mixed with itself: with xor, zeros. */
function isSourceSet(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_SOURCES) return false;
  return new Set(value.map((item) => URL.parse(String(item))?.href)).size === value.length;
}

function hasAppliance({ QRNG_APPLIANCE_URLS: urls }: CollectorSettings): boolean {
  return urls.some((url) => URL.parse(url)?.protocol === 'https:');
}

function mixes({ QRNG_APPLIANCE_URLS: urls, QRNG_MIXING_STRATEGY: strategy }: CollectorSettings): boolean {
  return strategy !== 'xor' || urls.length > 1;
}

function pushesBy(protocol: string): (settings: CollectorSettings) => boolean {
  return ({ QRNG_PUSH_URL: url }) => URL.parse(url)?.protocol === protocol;
}

function isMinEntropy(text: string): boolean {
  return /^\d(\.\d{1,3})?$/.test(text) && Number(text) >= LEAST_ENTROPY && Number(text) <= FULL_ENTROPY;
}

function isPushUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value.includes('#')) return false;
  const url = URL.parse(value);
  if (url?.protocol === 'udp:') return /^udp:\/\/[^/@?]+:\d+$/.test(value) && Number(url.port) > 0;
  if (url?.protocol === 'spool:') return spoolDirectory(value) !== undefined;
  return isSecureUrl(value);
}
