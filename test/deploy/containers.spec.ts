/** Dockerfile and compose.yaml: linted, locked down, and running what package.json starts. No engine is needed. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { startGateway } from '../support/gateway.js';

interface Service {
  readonly image: string;
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly [key: string]: unknown;
}

const dockerfile = readFileSync('deploy/Dockerfile', 'utf8');
const stages = new Map(
  dockerfile.split(/^FROM /m).flatMap((text) => {
    const name = /^\S+ AS (\w+)\n/.exec(text)?.[1];
    return name === undefined ? [] : [[name, text] as const];
  }),
);
const compose = parse(readFileSync('deploy/compose.yaml', 'utf8'), { merge: true }) as {
  services: Record<'collector' | 'gateway', Service>;
  networks: Record<string, { internal?: boolean }>;
};

/** The JSON array that follows an instruction, such as ENTRYPOINT. */
function words(stage: string | undefined, instruction: string): string[] {
  const line = new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(stage ?? '')?.[1];
  return JSON.parse(line ?? '[]') as string[];
}

describe('the Dockerfile', () => {
  test('has no mistake that the linter knows', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  test.each(['collector', 'gateway'] as const)('starts the %s as `npm run start` does', (app) => {
    const [node, ...rest] = words(stages.get(app), 'ENTRYPOINT');
    expect(node).toBe('/opt/qrng-dd/node_modules/.bin/node');
    expect(['node', ...rest].join(' ')).toBe(packageJson.scripts[`start:${app}`]);
  });

  test('starts qrng feed as the unit does, with nothing but the client beside what every image has', () => {
    const unit = readFileSync('deploy/systemd/qrng-feed.service', 'utf8');
    const started = words(stages.get('feed'), 'ENTRYPOINT').join(' ');
    expect(unit.replaceAll('/opt/qrng-dd/clients', 'clients')).toContain(`ExecStart=${started} $QRNG_FEED`);
  });

  test.each(['on', 'off'])(
    "the gateway's health check holds while a gateway with QRNG_TLS=%s answers, and not after",
    async (tls) => {
      const gateway = await startGateway({ QRNG_TLS: tls });
      const [command = '', ...args] = words(stages.get('gateway'), '  CMD');
      const env = { QRNG_TLS: tls, QRNG_LISTEN_ADDRESS: `0.0.0.0:${new URL(gateway.url).port}` };
      const check = () =>
        new Promise((done) => {
          execFile(process.execPath, args, { env }).once('exit', done);
        });
      expect(command).toBe('/opt/qrng-dd/node_modules/.bin/node');
      expect(await check()).toBe(0);
      await gateway.close();
      expect(await check()).toBe(1);
    },
  );

  test('runs neither image as root', () => {
    expect(stages.get('runtime')).toMatch(/^USER 65532:65532$/m);
    for (const app of ['collector', 'gateway']) {
      expect(stages.get(app)).toMatch(/^FROM runtime|^runtime AS/);
      expect(stages.get(app)).not.toMatch(/^USER/m);
    }
  });

  test('opens no port for the collector, not even for a health check', () => {
    expect(stages.get('collector')).toMatch(/^HEALTHCHECK NONE$/m);
    expect(stages.get('collector')).not.toMatch(/^EXPOSE/m);
  });

  test('is of the version of the package, and fetches and compiles nothing', () => {
    expect(stages.get('unpacked')).toContain(`ARG VERSION=${packageJson.version}\n`);
    expect(dockerfile).not.toMatch(/^(?:RUN|ADD| {2}&&) .*(?:npm|apt-get|curl|https?:)/m);
    expect(stages.get('unpacked')).toMatch(/^RUN sha256sum --check/m);
  });
});

describe('compose.yaml', () => {
  test.each(['collector', 'gateway'] as const)('locks the %s down', (app) => {
    expect(compose.services[app]).toMatchObject({
      image: `\${QRNG_REGISTRY:-}qrng-dd-${app}:${packageJson.version}`,
      user: '65532:65532',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      ulimits: { core: 0 },
    });
    expect(compose.services[app]['memswap_limit']).toBe(compose.services[app]['mem_limit']);
  });

  test('publishes no port of the collector', () => {
    expect(compose.services.collector.ports).toBeUndefined();
  });

  test('lets both meet in one network only, which leads nowhere else', () => {
    const shared = compose.services.collector.networks.filter((name) =>
      compose.services.gateway.networks.includes(name),
    );
    expect(shared).toEqual(['diode']);
    expect(compose.networks['diode']?.internal).toBe(true);
  });

  test('mounts keys read-only', () => {
    for (const app of ['collector', 'gateway'] as const) {
      expect(compose.services[app]['volumes']).toContain(`./${app}:/etc/qrng-dd/${app}:ro`);
    }
  });
});
