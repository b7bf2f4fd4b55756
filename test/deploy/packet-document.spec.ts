/** docs/packet.md: the packet that it takes apart is the first of the frozen vectors. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import vectors from '../vectors/packet-vectors.json' with { type: 'json' };

test('the packet in docs/packet.md is the first vector, byte by byte', () => {
  const section = readFileSync('docs/packet.md', 'utf8')
    .split('## ')
    .find((part) => part.startsWith('One packet'));
  const bytes = [...(section ?? '').matchAll(/^([0-9a-f]+) +\w/gm)].map(([, hex]) => hex).join('');
  expect(bytes).toBe(vectors.good[0]?.packet);
  expect(section).toContain(vectors.key1);
});
