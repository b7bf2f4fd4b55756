/** The decorators of @nestjs/throttler, on routes such as a Nest engineer would add. */
import { Controller, Get } from '@nestjs/common';
import { SkipThrottle, Throttle } from '@nestjs/throttler';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayModule } from '../../apps/gateway/src/gateway.module.js';
import { TestKeys } from '../support/api-keys.js';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

@Controller('api/added')
class AddedController {
  @Get('plain')
  plain(): string {
    return 'plain';
  }

  @Throttle({ window: { limit: 2, ttl: 10_000 } })
  @Get('throttled')
  throttled(): string {
    return 'throttled';
  }

  @SkipThrottle()
  @Get('unlimited')
  unlimited(): string {
    return 'unlimited';
  }

  @SkipThrottle({ burst: true })
  @Get('bursts')
  bursts(): string {
    return 'bursts';
  }

  @Throttle({ window: { limit: () => 2, ttl: 10_000 } })
  @Get('computed')
  computed(): string {
    return 'computed';
  }
}

@SkipThrottle({ window: true, burst: true })
@Controller('api/skipped')
class SkippedController {
  @Get('all')
  all(): string {
    return 'all';
  }

  @SkipThrottle({ window: false, burst: false })
  @Get('but-this')
  butThis(): string {
    return 'but this';
  }
}

const keys = new TestKeys({ one: {}, two: {} });
const forRoot = GatewayModule.forRoot.bind(GatewayModule);
let gateway: TestGateway;

beforeEach(async () => {
  GatewayModule.forRoot = (...args) => ({
    ...forRoot(...args),
    controllers: [AddedController, SkippedController],
  });
  gateway = await startGateway({
    QRNG_API_KEYS_FILE: keys.path,
    QRNG_RATE_LIMIT_MAX: '10',
    QRNG_RATE_LIMIT_BURST: '4',
    QRNG_RATE_LIMIT_BLOCK_AFTER: '100',
  });
});
afterEach(async () => {
  GatewayModule.forRoot = forRoot;
  await gateway.close();
});

async function ask(path: string, name = 'one') {
  const { status, headers } = await gateway.request(`/api/${path}`, { headers: keys.bearer(name) });
  return { status, policy: headers['ratelimit-policy'] };
}

async function statuses(count: number, path: string): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push((await ask(path)).status);
  return all;
}

describe('a route', () => {
  test('without a decorator has the limits of the client', async () => {
    expect(await ask('added/plain')).toEqual({ status: 200, policy: '"window";q=10;w=60, "burst";q=4;w=1' });
  });

  test('with @Throttle() has limits of its own for each client', async () => {
    expect(await ask('added/throttled')).toEqual({
      status: 200,
      policy: '"window";q=2;w=10, "burst";q=4;w=1',
    });
    expect(await statuses(2, 'added/throttled')).toEqual([200, 429]);
    expect((await ask('added/throttled', 'two')).status).toBe(200);
    expect((await ask('added/plain')).status).toBe(200);
  });

  test('with @SkipThrottle() has none, and needs a key all the same', async () => {
    expect(await statuses(30, 'added/unlimited')).toEqual(Array<number>(30).fill(200));
    expect(await ask('added/unlimited')).toEqual({ status: 200, policy: undefined });
    expect((await gateway.request('/api/added/unlimited')).status).toBe(401);
  });

  test('with @SkipThrottle({ burst: true }) has the window alone', async () => {
    expect(await statuses(12, 'added/bursts')).toEqual([...Array<number>(10).fill(200), 429, 429]);
  });

  test('follows the decorator of its controller, unless it has one of its own', async () => {
    expect(await statuses(30, 'skipped/all')).toEqual(Array<number>(30).fill(200));
    expect((await ask('skipped/but-this')).policy).toBe('"window";q=10;w=60, "burst";q=4;w=1');
  });

  test('with a decorator that the gate cannot follow says so at once', async () => {
    expect((await ask('added/computed')).status).toBe(500);
  });
});
