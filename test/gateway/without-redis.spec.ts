/** What a gateway does not load. */
import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';

test('a gateway without a Redis URL loads none of the 650 modules of its client', async () => {
  await import('../../apps/gateway/src/create-gateway.js');
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  expect(loaded.some((path) => path.includes('/node_modules/fastify/'))).toBe(true);
  expect(loaded.filter((path) => path.includes('/node_modules/@redis/'))).toEqual([]);
});
