import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

describe('POST /push', () => {
  test('takes a sealed packet, and its bytes are served once', async () => {
    const data = randomBytes(64);
    const answer = await gateway.push(gateway.collector.seal(data));
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect((await gateway.get('/api/random?bytes=64')).text).toBe(data.toString('hex'));
    expect((await gateway.get('/api/random?bytes=1')).status).toBe(503);
    expect(await gateway.metric('qrng_entropy_received_bytes_total')).toBe(64);
  });
});
