/** Every setting of both apps, given wrongly in every way that can be generated: one line that names it, exit code 78, no value. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  needsOf,
  parseEnvironmentFile,
  problemsOf,
  readSettings,
  secretNames,
  variableNames,
} from '#libs/settings';
import { fileProblems as collectorFileProblems } from '../apps/collector/src/check-files.js';
import { CollectorSettings } from '../apps/collector/src/settings.js';
import { fileProblems as gatewayFileProblems } from '../apps/gateway/src/check-files.js';
import { GatewaySettings } from '../apps/gateway/src/settings.js';
import { temporaryFolder, testAuthority } from './support/gateway.js';
import type { Environment } from './support/gateway.js';

const NOBODY = 65_534;
const folder = temporaryFolder();
const save = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content, { mode: 0o644 });
  return join(folder, name);
};
const randomHex = (): string => randomBytes(32).toString('hex');
const signingKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

/** An environment with a file for whatever can be one. */
const valid: Record<'gateway' | 'collector', Environment> = { gateway: {}, collector: {} };

beforeAll(async () => {
  const authority = await testAuthority();
  const server = await authority.issue({ commonName: 'gateway', hosts: ['localhost'], days: 90 });
  const client = await authority.issue({ commonName: 'collector-1', client: true, days: 90 });
  const ca = save('ca.crt', authority.certificatePem);
  chmodSync(folder, 0o755); // for another user
  valid.gateway = {
    QRNG_TLS_CERT_FILE: save('tls.crt', server.certificatePem),
    QRNG_TLS_KEY_FILE: save('tls.key', server.keyPem),
    QRNG_TLS_CLIENT_CA_FILE: ca,
    QRNG_HMAC_SECRET_KEY_FILE: save('hmac.key', randomHex()),
    QRNG_HMAC_SECRET_KEY_PREVIOUS_FILE: save('hmac.previous.key', randomHex()),
    QRNG_COLLECTOR_KEYS_FILE: save(
      'collector-keys.json',
      JSON.stringify([{ collector: 'lab', key: randomHex() }]),
    ),
    QRNG_API_KEY_FILE: save('api.key', `lab:${randomHex()}`),
    QRNG_API_KEYS_FILE: save('api-keys.json', JSON.stringify([{ name: 'other', sha256: randomHex() }])),
    QRNG_METRICS_TOKEN_FILE: save('metrics.token', randomHex()),
    QRNG_REDIS_URL_FILE: save('redis.url', 'redis://127.0.0.1:6379'),
    QRNG_RECEIPTS: 'on',
    QRNG_RECEIPTS_KEY_FILE: save('receipts.key', signingKey()),
    QRNG_RECEIPTS_ORIGIN: 'gateway.example.com/receipts',
    QRNG_STATE_DIR: join(folder, 'state'),
  };
  valid.collector = {
    QRNG_APPLIANCE_URLS: 'https://10.0.0.5/api/2.0/streambytes',
    QRNG_APPLIANCE_CA_FILE: ca,
    QRNG_PUSH_URL: 'https://203.0.113.10:7764/push',
    QRNG_PUSH_CA_FILE: ca,
    QRNG_PUSH_CERT_FILE: save('push.crt', client.certificatePem),
    QRNG_PUSH_KEY_FILE: save('push.key', client.keyPem),
    QRNG_HMAC_SECRET_KEY_FILE: save('hmac.key', randomHex()),
    QRNG_SIGNING_KEY_FILE: save('signing.key', signingKey()),
    QRNG_STATE_DIR: join(folder, 'state'),
  };
});

/** What `--check` and a start say, without their processes. */
function problems(app: 'gateway' | 'collector', env: Environment): readonly string[] {
  if (app === 'gateway') return found(GatewaySettings, env, gatewayFileProblems);
  return found(CollectorSettings, env, collectorFileProblems);
}

function found<T extends object>(
  cls: new () => T,
  env: Environment,
  inFiles: (settings: Readonly<T>, now: number) => readonly string[],
): readonly string[] {
  const read = problemsOf(() => readSettings(cls, env));
  return read.length > 0 ? read : inFiles(readSettings(cls, env).settings, Date.now());
}

const LINE = /^QRNG_[A-Z_]+ must [^\n]+$/;

/** One line, about this variable. */
function expectOneLine(lines: readonly string[], name: string): void {
  expect(lines).toEqual([expect.stringMatching(LINE)]);
  expect(lines[0]?.split(' ')[0]?.replace(/_FILE$/, '')).toBe(name.replace(/_FILE$/, ''));
}

describe.each([
  ['gateway', GatewaySettings],
  ['collector', CollectorSettings],
] as const)('the %s, with a setting', (app, Settings) => {
  const names = [...variableNames(Settings)];
  const secrets = secretNames(Settings);
  /** Every variable that names a file. */
  const files = names.flatMap((name) =>
    secrets.has(name) ? [`${name}_FILE`] : name.endsWith('_FILE') ? [name] : [],
  );

  test('as it should be, has nothing to say', () => expect(problems(app, valid[app])).toEqual([]));

  test.each(names)('%s of nonsense, names it in each line, and never what was given', (name) => {
    const env = secrets.has(name) ? { ...valid[app], [`${name}_FILE`]: undefined } : valid[app];
    for (const text of [
      ' ',
      '\t',
      '\n',
      ' x',
      'x\r',
      '-1',
      '1.5',
      '1e999',
      '0x1f',
      '9'.repeat(20),
      ',',
      ';',
      'ü',
      'QQQQ',
      '{}',
      'https://',
      'a'.repeat(70_000),
    ]) {
      // prettier-ignore
      const lines = problemsOf(() => readSettings<object>(Settings, { ...env, [name]: text }));
      for (const line of lines) expect(line).toMatch(LINE);
      if (lines.length > 0) expect(lines.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
      if (text.length > 8 || text === 'QQQQ') expect(lines.join()).not.toContain(text);
      // Nothing takes a value that is blank, or begins or ends so: it would be a slip that nobody sees.
      const isList = /list|comma separated/.test(lines[0] ?? '');
      if (text.trim() === '') expect(lines).not.toEqual([]);
      if (text !== text.trim() && !isList && lines.length > 0) {
        expect(lines[0]).toMatch(/; it begins or ends with a blank or a line end$/);
      }
    }
  });

  test.each(names)('%s that is empty, is as one that is not set', (name) => {
    const without = (value: string | undefined): Environment => ({
      ...valid[app],
      [`${name}_FILE`]: undefined,
      [name]: value,
    });
    const [unset, empty] = [problems(app, without(undefined)), problems(app, without(''))];
    expect(empty).toEqual(unset.map((line) => line.replace('; it is not set', '; it is empty')));
  });

  test.each(files)('%s of a file that cannot be read, says why, and waits for nothing', (name) => {
    const closed = save('closed', randomHex());
    chmodSync(closed, 0);
    const fifo = join(folder, 'fifo');
    spawnSync('mkfifo', [fifo]);
    mkdirSync(join(folder, 'inside'), { recursive: true });
    const huge = save('huge', '');
    truncateSync(huge, 16 * 1024 * 1024 + 1);
    const cases: [path: string, reason: string][] = [
      [join(folder, 'nowhere'), 'ENOENT'],
      [join(folder, 'hmac.key/x'), 'ENOTDIR'],
      [join(folder, 'inside'), 'EISDIR'],
      [
        closed,
        `EACCES: this process runs as user ${process.geteuid?.() === 0 ? NOBODY : process.geteuid?.()}`,
      ],
      [fifo, 'a FIFO, not a file'],
      ['/dev/zero', 'a device, not a file'],
      [huge, 'more than 16 MiB'],
    ];
    for (const [path, reason] of cases) {
      const lines = asNobody(() => problems(app, { ...valid[app], [name]: path }));
      expectOneLine(lines, name);
      expect(lines[0]).toContain(`(${reason})`);
      expect(lines[0]).not.toContain(folder);
    }
  });

  test.each(files)('%s of a file with a byte order mark and Windows line ends, takes it', (name) => {
    const given = valid[app][name];
    if (given === undefined) return; // no file of this kind was made above
    const text = readFileSync(given, 'utf8');
    const path = save('windows', `\uFEFF${text.replaceAll('\n', '\r\n')}\r\n`);
    expect(problems(app, { ...valid[app], [name]: path })).toEqual([]);
  });

  test.each(files)('%s of a file that is cut, empty or another, says so in one line', (name) => {
    const given = valid[app][name] ?? '/dev/null';
    const text = readFileSync(given, 'utf8');
    const variable = secrets.has(name.replace(/_FILE$/, '')) ? name.replace(/_FILE$/, '') : name;
    const half = text.slice(0, text.length / 2);
    // Half of a token or a URL is one, too.
    const cut = /METRICS|REDIS/.test(name) ? [] : [half];
    const contents = [...cut, randomBytes(1000), '', ' \n'];
    for (const content of contents) {
      const lines = problems(app, { ...valid[app], [name]: save('broken', content) });
      const isEmptyKey = variable.endsWith('_PREVIOUS') && content.toString().trim() === '';
      if (isEmptyKey) expect(lines).toEqual([]);
      else expectOneLine(lines, variable);
    }
  });

  test.each([...secrets])('%s twice, as it is and as a file, says so', (name) => {
    const lines = problems(app, { ...valid[app], [name]: 'x', [`${name}_FILE`]: join(folder, 'hmac.key') });
    expect(lines).toEqual([`${name} must be given either directly or as ${name}_FILE, not both`]);
  });

  test.each(names)('%s misspelt, is warned of with the name that was meant', (name) => {
    const typo = `${name.slice(0, -2)}${name.slice(-1)}`;
    const { warnings } = readSettings<object>(Settings, { ...valid[app], [typo]: 'x' });
    expect(warnings).toEqual([`${typo} is not a setting of this app; the nearest one is ${name}`]);
  });
});

const redis = { QRNG_REDIS_URL_FILE: undefined };
const replica = { QRNG_INGEST: 'off' };
const plain = { QRNG_TLS: 'off', QRNG_TLS_CLIENT_CA_FILE: undefined };
const noReceipts = { QRNG_RECEIPTS: undefined };
const udp = { QRNG_PUSH_URL: 'udp://203.0.113.10:7765' };
const spool = { QRNG_PUSH_URL: 'spool:///var/spool/qrng-dd' };
const device = { QRNG_APPLIANCE_URLS: 'file:///dev/qrandom0' };
const pin = { QRNG_APPLIANCE_FINGERPRINT: 'ab'.repeat(32) };
const noTls = ['QRNG_PUSH_CA_FILE', 'QRNG_PUSH_CERT_FILE', 'QRNG_PUSH_KEY_FILE'];

/** What does nothing beside the others: `given` on top of an environment in which everything has an effect. */
const IDLE: readonly (readonly ['gateway' | 'collector', Environment, readonly string[]])[] = [
  ['gateway', plain, ['QRNG_TLS_CERT_FILE', 'QRNG_TLS_KEY_FILE']],
  ['gateway', replica, ['QRNG_TLS_CLIENT_CA_FILE']],
  [
    'gateway',
    { ...replica, QRNG_PACKET_TTL_SECS: '300' },
    ['QRNG_TLS_CLIENT_CA_FILE', 'QRNG_PACKET_TTL_SECS'],
  ],
  [
    'gateway',
    {
      ...replica,
      QRNG_TLS_CLIENT_CA_FILE: '',
      QRNG_BUFFER_OVERFLOW_POLICY: 'replace',
      QRNG_ON_BAD_ENTROPY: 'warn', // a draw can show that bytes are bad, too
    },
    ['QRNG_BUFFER_OVERFLOW_POLICY'],
  ],
  ['gateway', { QRNG_REDIS_PREFIX: 'qrng' }, []],
  ['gateway', { ...redis, QRNG_REDIS_PREFIX: 'qrng' }, ['QRNG_REDIS_PREFIX']],
  ['gateway', { QRNG_SPOOL_PATIENCE_MS: '5' }, ['QRNG_SPOOL_PATIENCE_MS']],
  [
    'gateway',
    { QRNG_SPOOL_PATIENCE_MS: '5', QRNG_RECEIVE: 'udp://127.0.0.1:7765' },
    ['QRNG_SPOOL_PATIENCE_MS'],
  ],
  ['gateway', { QRNG_SPOOL_PATIENCE_MS: '5', QRNG_RECEIVE: 'spool:///a' }, []],
  ['gateway', noReceipts, ['QRNG_RECEIPTS_KEY_FILE', 'QRNG_RECEIPTS_ORIGIN']],
  [
    'gateway',
    {
      ...noReceipts,
      QRNG_RECEIPTS_KEY_FILE: '',
      QRNG_RECEIPTS_ORIGIN: '',
      QRNG_RECEIPTS_RETENTION_DAYS: '9',
    },
    ['QRNG_RECEIPTS_RETENTION_DAYS'],
  ],
  ['gateway', { QRNG_RECEIPTS: 'off' }, []], // written beside them: they are ready for `on`
  ['gateway', { QRNG_ACCESS_LOG: 'on', QRNG_LOG_LEVEL: 'warn' }, ['QRNG_ACCESS_LOG']],
  ['gateway', { QRNG_ACCESS_LOG: 'off', QRNG_LOG_LEVEL: 'warn' }, []],
  ['collector', udp, noTls],
  ['collector', spool, noTls],
  ['collector', { QRNG_PUSH_URL: 'http://127.0.0.1:7764/push' }, noTls],
  ['collector', pin, []],
  ['collector', { ...pin, ...device }, ['QRNG_APPLIANCE_CA_FILE', 'QRNG_APPLIANCE_FINGERPRINT']],
  ['collector', { QRNG_APPLIANCE_URLS: 'http://127.0.0.1/' }, ['QRNG_APPLIANCE_CA_FILE']],
  ['collector', { QRNG_UDP_MTU: '1500' }, ['QRNG_UDP_MTU']],
  ['collector', { ...spool, QRNG_PUSH_BYTES_PER_SECOND: '9000' }, ['QRNG_PUSH_BYTES_PER_SECOND', ...noTls]],
  ['collector', { ...udp, QRNG_SPOOL_MAX_BYTES: '65536' }, ['QRNG_SPOOL_MAX_BYTES', ...noTls]],
  ['collector', { ...udp, QRNG_PUSH_MAX_BYTES: '1500' }, [...noTls, 'QRNG_PUSH_MAX_BYTES']],
  ['collector', { ...udp, QRNG_PUSH_MAX_BYTES: '1000' }, noTls],
  ['collector', { QRNG_HEARTBEAT_INTERVAL_MS: '5000' }, ['QRNG_HEARTBEAT_INTERVAL_MS']], // it signs
  ['collector', { QRNG_HEARTBEAT_INTERVAL_MS: '5000', QRNG_SIGNING_KEY_FILE: '' }, []],
  ['collector', { QRNG_HEARTBEAT_INTERVAL_MS: '500' }, []],
  ['collector', { QRNG_MIXING_STRATEGY: 'xor' }, ['QRNG_MIXING_STRATEGY']],
  ['collector', { QRNG_MIXING_STRATEGY: 'hkdf' }, []],
  ['collector', { QRNG_MIXING_MIN_SOURCES: '1' }, ['QRNG_MIXING_MIN_SOURCES']],
];

function withoutEffect(app: 'gateway' | 'collector', env: Environment): readonly string[] {
  const read = app === 'gateway' ? readSettings(GatewaySettings, env) : readSettings(CollectorSettings, env);
  return read.withoutEffect;
}

describe('a setting that does nothing beside the others is named, with what it needs', () => {
  test.each(IDLE)('%s with %j: %j', (app, given, names) => {
    const lines = withoutEffect(app, { ...valid[app], ...given });
    expect(lines.map((line) => line.split(' has no effect without ')[0])).toEqual(names);
    for (const line of lines) expect(line).toMatch(/^QRNG_\w+ has no effect without [^\n]+$/);
  });

  test('each of them is tried above', () => {
    const tried = new Set(IDLE.flatMap(([app, , names]) => names.map((name) => `${app} ${name}`)));
    for (const [app, cls] of [
      ['gateway', GatewaySettings],
      ['collector', CollectorSettings],
    ] as const) {
      for (const name of needsOf(cls).keys()) {
        expect([...tried]).toContain([`${app} ${name}`, `${app} ${name}_FILE`].find((one) => tried.has(one)));
      }
    }
  });

  test.each([
    ['gateway', 'config/gateway.env.example'],
    ['gateway', 'deploy/kubernetes/gateway.env'],
    ['collector', 'config/collector.env.example'],
    ['collector', 'deploy/kubernetes/collector.env'],
  ] as const)('there is none in what the %s is installed with (%s)', (app, file) => {
    const given = parseEnvironmentFile(readFileSync(join(import.meta.dirname, '..', file), 'utf8'));
    const env: Environment = { QRNG_STATE_DIR: folder };
    for (const [name, value] of Object.entries(given)) env[name] = valid[app][name] ?? value;
    expect(withoutEffect(app, env)).toEqual([]);
  });
});

/** As a user who is not root, to whom the modes of files matter. */
function asNobody<T>(read: () => T): T {
  if (process.geteuid?.() !== 0) return read();
  process.seteuid?.(NOBODY);
  try {
    return read();
  } finally {
    process.seteuid?.(0);
  }
}
