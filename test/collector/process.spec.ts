/** The collector as a process: what it needs to start, how it ends, what it leaves behind, and that nothing can reach it. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { lookAtSockets } from '../../apps/collector/src/diode/sockets.js';
import { CollectorProcess } from '../support/collector.js';
import { temporaryFolder } from '../support/gateway.js';
import type { Environment } from '../support/gateway.js';
import { sceneOfEachTest } from '../support/scene.js';
import type { Scene, SceneOptions } from '../support/scene.js';
import { until } from '../support/until.js';

const start = sceneOfEachTest();

/** A collector that takes entropy from the appliance to the receiver. */
async function running(options: SceneOptions = {}): Promise<Scene> {
  const started = await start(options);
  await until('packets of entropy', () => started.receiver.entropy.length >= 2, {
    describe: () => started.collector.output,
  });
  return started;
}

/** The environment of a collector that ran, for another one. */
async function usedEnvironment(): Promise<Environment> {
  const { collector } = await start();
  await collector.kill();
  return collector.env;
}

describe('exit code 78', () => {
  const folder = temporaryFolder();
  const path = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'damaged'));
  writeFileSync(join(folder, 'damaged', 'boot'), 'x');

  test.each([
    ['QRNG_HMAC_SECRET_KEY', { QRNG_HMAC_SECRET_KEY: 'hunter2hunter2' }],
    ['QRNG_PUSH_CA_FILE', { QRNG_PUSH_CA_FILE: path('no-pem', 'hunter2hunter2') }],
    ['QRNG_APPLIANCE_CA_FILE', { QRNG_APPLIANCE_CA_FILE: path('no-pem-either', 'hunter2hunter2') }],
    ['QRNG_APPLIANCE_CA_FILE', { QRNG_APPLIANCE_CA_FILE: path('empty', '') }],
    ['QRNG_STATE_DIR', { QRNG_STATE_DIR: path('file', '') }],
    ['QRNG_STATE_DIR', { QRNG_STATE_DIR: join(folder, 'damaged') }],
  ])('and one line that names %s, without its value', async (name, env) => {
    const { collector } = await start({ env });
    expect(await collector.exited).toBe(78);
    expect(collector.output).toMatch(new RegExp(`^${name} must [^\n]+\n$`));
    expect(collector.output).not.toContain('hunter2');
  });
});

describe('the end of the process', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGUSR2', 'SIGQUIT'] as const)(
    'on %s: sends what it holds, exit code 0',
    async (signal) => {
      const env = { QRNG_PUSH_INTERVAL_MS: '600000' };
      const { collector, receiver, appliances } = await start({ env });
      await until('bytes that wait', () => (appliances[0]?.simulator.delivered ?? 0) > 60_000, {
        describe: () => collector.output,
      });
      collector.signal(signal);
      expect(await collector.exited).toBe(0);
      const [stopped] = collector.events('stopped');
      expect(stopped).toMatchObject({ delivered: stopped?.['fetched'], dropped: {}, unaccounted: 0 });
      expect(receiver.bytes.length).toBe(stopped?.['fetched']);
    },
  );

  test('comes within ten seconds also when the gateway never answers, and reports what was lost', async () => {
    const { collector, receiver } = await start({ prepare: (to) => (to.otherwise = 'hang') });
    await until('a push', () => receiver.entropy.length > 0, {
      describe: () => collector.output,
    });
    const began = performance.now();
    const { code, fetched, dropped, unaccounted } = await collector.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
    expect({ code, dropped, unaccounted }).toEqual({
      code: 0,
      dropped: { shutdown: fetched },
      unaccounted: 0,
    });
  });

  test('after a bug: one fatal line of JSON, exit code 1', async () => {
    const bug = 'data:text/javascript,process.once("SIGWINCH", () => Promise.reject(new Error("a bug")))';
    const env = await usedEnvironment();
    const collector = new CollectorProcess(env, ['--import', bug]);
    await collector.logged('started');
    collector.signal('SIGWINCH');
    expect(await collector.exited).toBe(1);
    expect(collector.events('fatal')).toMatchObject([{ level: 60, err: { message: 'a bug' } }]);
  });
});

/** Where a descriptor of a process leads; nothing when it was closed meanwhile. */
function linkOf(pid: number, descriptor: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return '';
  }
}

describe('four devices whose drivers let go of no read', () => {
  // What such a driver does is done to FIFOs: they are opened without O_NONBLOCK, in the threads that read them.
  const stubborn = `data:text/javascript,
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const open = fs.openSync;
    fs.openSync = (path, flags, ...rest) =>
      open(path, String(path).includes('stubborn') ? flags & ~fs.constants.O_NONBLOCK : flags, ...rest);
    syncBuiltinESMExports();`;

  test('stop neither the other source, nor the pushes, nor the end of the process', async () => {
    const { collector: first, receiver } = await start();
    await first.kill();
    const before = receiver.entropy.length;
    const folder = temporaryFolder();
    const paths = [1, 2, 3, 4].map((n) => join(folder, `stubborn-${n}`));
    execFileSync('mkfifo', paths);
    const writers = paths.map((path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    const urls = [first.env['QRNG_APPLIANCE_URLS'], ...paths.map((path) => `file://${path}`)];
    const env = {
      QRNG_APPLIANCE_URLS: urls.join(),
      QRNG_MIXING_STRATEGY: 'xor',
      QRNG_MIXING_MIN_SOURCES: '1',
    };
    const collector = new CollectorProcess({ ...first.env, ...env }, ['--import', stubborn]);
    try {
      await until('a push', () => receiver.entropy.length > before, { describe: () => collector.output });
      const opened = (): number =>
        readdirSync(`/proc/${collector.pid}/fd`).filter((fd) =>
          linkOf(collector.pid, fd).includes('stubborn'),
        ).length;
      await until('the devices are read', () => opened() === 4, { describe: () => collector.output });
      const { code, unaccounted } = await collector.stop();
      // Node would wait for these threads forever; the log was written before.
      expect({ code, unaccounted }).toEqual({ code: 'SIGKILL', unaccounted: 0 });
    } finally {
      await collector.kill();
      for (const writer of writers) closeSync(writer);
    }
  });
});

test('SIGHUP while it starts does not end it, and later has the settings read again', async () => {
  const hangUp = 'data:text/javascript,setTimeout(() => process.kill(process.pid, "SIGHUP"), 150)';
  const env = await usedEnvironment();
  const file = join(env['QRNG_STATE_DIR'] ?? '', '../collector.env');
  writeFileSync(file, '');
  const collector = new CollectorProcess({ ...env, QRNG_SETTINGS_PATH: file }, ['--import', hangUp]);
  await collector.logged('source-up');
  writeFileSync(file, 'QRNG_HEARTBEAT_INTERVAL_MS=50\nQRNG_PUSH_MAX_BYTES=100\n');
  collector.signal('SIGHUP');
  expect(await collector.logged('settings-reloaded')).toMatchObject({
    changed: ['QRNG_HEARTBEAT_INTERVAL_MS'],
    waiting: ['QRNG_PUSH_MAX_BYTES'],
  });
  expect(await collector.stop()).toMatchObject({ code: 0 });
});

describe('the number of a run', () => {
  test.each([
    ['is above that of the run before, after kill -9 and with a clock that went back half a minute', 30_000],
    ['begins with the present clock when the run before began in a year, and says so', 31_536_000_000],
  ])('%s', async (_, aheadMs) => {
    const first = await running();
    await first.collector.kill();
    const folder = first.collector.env['QRNG_STATE_DIR'] ?? '';
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const ahead = BigInt(Date.now() + aheadMs);
    writeFileSync(join(folder, 'boot'), `${ahead}\n`);
    const before = first.receiver.pushes.length;
    const second = first.again();
    const { packet } = await until('a packet of the second run', () => first.receiver.pushes[before], {
      describe: () => second.output,
    });
    const isLower = aheadMs > 60_000;
    if (isLower) expect(packet.boot).toBeLessThanOrEqual(BigInt(Date.now()));
    else expect(packet.boot).toBe(ahead + 1n);
    expect(packet.sequence).toBe(1n);
    expect(await second.stop()).toMatchObject({ code: 0, unaccounted: 0 });
    expect(second.events('clock-behind')).toMatchObject([{ level: 50, isLower }]);
  });

  test('belongs to one process: a second collector on the same state directory does not start', async () => {
    const first = await running();
    const second = first.again();
    expect(await second.exited).toBe(78);
    expect(second.output).toContain(`another process is using it`);
    // Nor without the file of the lock, which anybody can delete who may write there: the directory itself is locked.
    rmSync(join(first.collector.env['QRNG_STATE_DIR'] ?? '', 'state.lock'));
    const third = first.again();
    expect(await third.exited).toBe(78);
    expect(third.output).toMatch(/^QRNG_STATE_DIR must be a directory of this process alone: [^\n]+\n$/);
    await first.collector.stop();
    await first.again().logged('started');
  });
});

describe('the diode', () => {
  /** What `ss` shows of the process, of all kinds of listening and unconnected sockets. */
  const ss = (pid: number): string[] =>
    execFileSync('ss', ['-H', '-a', '-n', '-p', '-t', '-u', '-x', 'state', 'listening'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`pid=${pid},`));

  test.each([
    ['as npm starts it', ['--disable-sigusr1']],
    ['even if the flag is forgotten', []],
  ])('has no socket that listens, not after any signal either, %s', async (_, flags) => {
    const { collector: first, receiver } = await start();
    await first.kill();
    const collector = new CollectorProcess(first.env, flags);
    await collector.logged('source-up');
    for (const signal of ['SIGUSR1', 'SIGHUP', 'SIGWINCH'] as const) collector.signal(signal);
    const before = receiver.entropy.length;
    await until('packets after the signals', () => receiver.entropy.length > before + 10);
    expect(lookAtSockets(`/proc/${collector.pid}`).receiving).toEqual([]);
    expect(ss(process.pid)).not.toEqual([]); // the receiver, in this process: ss does see listeners
    expect(ss(collector.pid)).toEqual([]);
    expect(collector.output).not.toMatch(/debugger|inspector/i);
    expect(await collector.stop()).toMatchObject({ code: 0 });
  });

  test.each([
    ['TCP', 'node:net', "createServer().listen(0, '127.0.0.1')"],
    ['UDP', 'node:dgram', "createSocket('udp4').bind(0, '127.0.0.1')"],
    ['a Unix socket', 'node:net', "createServer().listen('\\0qrng-' + process.pid)"],
  ])('ends the process with code 70 at the start when it listens on %s', async (_, module, code) => {
    const env = await usedEnvironment();
    const inject = `data:text/javascript,import * as m from '${module}'; m.${code}.unref()`;
    const collector = new CollectorProcess(env, ['--import', inject]);
    expect(await collector.exited).toBe(70);
    expect(collector.events('diode-breached')).toMatchObject([{ level: 60 }]);
  });

  test.each([
    ['listens, before anything can connect', "import * as m from 'node:net'", 'm.createServer().listen(0)'],
    ['starts a child', "import * as m from 'node:child_process'", "m.spawn('sleep', ['20'])"],
  ])('ends it when it %s', async (_, module, code) => {
    const env = await usedEnvironment();
    const inject = `data:text/javascript,${module}; process.once('SIGWINCH', () => ${code})`;
    const collector = new CollectorProcess(env, ['--import', inject]);
    await collector.logged('source-up');
    collector.signal('SIGWINCH');
    expect(await collector.exited).toBe(70);
  });

  test.each([
    ['on the command line', ['--inspect=127.0.0.1:0'], {}],
    ['in NODE_OPTIONS', [], { NODE_OPTIONS: '--inspect=127.0.0.1:0' }],
  ])('does not start under a debugger, asked for %s', async (_, flags, env) => {
    const { collector: first } = await start();
    await first.kill();
    const collector = new CollectorProcess({ ...first.env, ...env }, flags);
    expect(await collector.exited).toBe(70);
    expect(collector.output).toContain('start it without --inspect');
    expect(collector.log).toEqual([]);
  });
});

describe('a process that Node confines', () => {
  test.each([
    ['all of it', ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-child-process']],
    ['every file, by its root', ['--allow-fs-read=/']],
    ['every file, in another spelling', ['--allow_fs_read=/']],
  ])('is given no more permissions: %s', async (_, grants) => {
    const flags = ['--permission', ...grants];
    const env = await usedEnvironment();
    const collectors = [
      new CollectorProcess(env, flags),
      new CollectorProcess({ ...env, NODE_OPTIONS: flags.join(' ') }),
    ];
    expect(await Promise.all(collectors.map(({ exited }) => exited))).toEqual([70, 70]);
    expect(collectors[0]?.output).toContain(`wider than a collector may have (${grants.join(', ')})`);
    expect(collectors[1]?.output).toContain('wider than a collector may have (NODE_OPTIONS)');
  });

  test('takes no module from NODE_OPTIONS', async () => {
    const module = join(temporaryFolder(), 'before.cjs');
    writeFileSync(module, "process.once('SIGWINCH', () => console.log('the module runs'));");
    const collector = new CollectorProcess({
      ...(await usedEnvironment()),
      NODE_OPTIONS: `--require ${module}`,
    });
    await collector.logged('source-up');
    collector.signal('SIGWINCH');
    expect(readFileSync(`/proc/${collector.pid}/environ`, 'latin1')).not.toContain('NODE_OPTIONS=');
    expect(await collector.stop()).toMatchObject({ code: 0 });
    expect(collector.output).not.toContain('the module runs');
  });

  const outside = join(temporaryFolder(), 'outside');
  writeFileSync(outside, 'of somebody else');

  test('starts no process, no thread and no debugger, loads no addon, and opens no file but its own', async () => {
    const { collector: first } = await start();
    await first.kill();
    const tries = `data:text/javascript,
      import { spawn, spawnSync } from 'node:child_process';
      import fs from 'node:fs';
      import inspector from 'node:inspector';
      import { Worker } from 'node:worker_threads';
      const outside = ${JSON.stringify(outside)};
      const tries = {
        spawn: () => spawn('true'),
        spawnSync: () => { throw spawnSync('true').error ?? new Error('it ran'); },
        worker: () => new Worker('0', { eval: true }),
        addon: () => process.dlopen({ exports: {} }, outside),
        inspector: () => inspector.open(0),
        read: () => fs.readFileSync(outside),
        list: () => fs.readdirSync('/etc'),
        write: () => fs.writeFileSync(outside, ''),
        link: () => fs.symlinkSync('/etc/passwd', process.env.QRNG_STATE_DIR + '/link'),
        program: () => fs.writeFileSync(process.argv[1], ''),
        memory: () => fs.readFileSync('/proc/1/environ'),
        state: () => fs.writeFileSync(process.env.QRNG_STATE_DIR + '/try', ''),
      };
      process.once('SIGWINCH', () => {
        const outcome = {};
        for (const [name, attempt] of Object.entries(tries)) {
          try { attempt(); outcome[name] = 'done'; } catch (error) { outcome[name] = error.code ?? error.message; }
        }
        console.log(JSON.stringify({ level: 0, event: 'tried', msg: '', ...outcome }));
      });`;
    const collector = new CollectorProcess(first.env, ['--import', tries]);
    await collector.logged('source-up');
    collector.signal('SIGWINCH');
    const denied = 'ERR_ACCESS_DENIED';
    expect(await collector.logged('tried')).toEqual({
      ...{ level: 0, event: 'tried', msg: '', state: 'done', addon: 'ERR_DLOPEN_DISABLED' },
      ...{ spawn: denied, spawnSync: denied, worker: denied, inspector: denied },
      ...{ read: denied, list: denied, write: denied, link: denied, program: denied, memory: denied },
    });
    expect(readFileSync(outside, 'utf8')).toBe('of somebody else');
    expect(await collector.stop()).toMatchObject({ code: 0 });
  });
});

describe('the log', () => {
  test('is JSON lines, and holds neither key nor entropy nor MAC', async () => {
    const { collector, receiver, hmacKey } = await running({
      env: { QRNG_LOG_LEVEL: 'trace', QRNG_TYPO: '1', QRNG_UDP_MTU: '1500' },
      prepare: (end) => end.script({ status: 422 }, 'lose', { status: 400 }, { status: 401 }),
    });
    await collector.stop();
    const text = collector.output;
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('{'))).toEqual([]);
    expect(collector.events('unknown-setting')).toMatchObject([{ level: 40 }]);
    const warning = 'QRNG_UDP_MTU has no effect without udp:// in QRNG_PUSH_URL';
    expect(collector.events('setting-without-effect')).toMatchObject([{ level: 40, warning }]);
    expect(text).not.toContain(hmacKey);
    for (const { raw } of receiver.pushes) {
      for (const encoding of ['hex', 'base64'] as const) {
        expect(text).not.toContain(raw.subarray(64, 96).toString(encoding));
        expect(text).not.toContain(raw.subarray(-32).toString(encoding));
      }
    }
    expect(readFileSync(join(collector.env['QRNG_STATE_DIR'] ?? '', 'boot'), 'utf8')).toMatch(/^\d{13}\n$/);
  });
});
