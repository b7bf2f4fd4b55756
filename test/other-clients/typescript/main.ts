/** Draws with openapi-fetch and the types that openapi-typescript made. NODE_EXTRA_CA_CERTS names the CA. */
import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

const { QRNG_URL = '', QRNG_API_KEY = '' } = process.env;
const client = createClient<paths>({
  baseUrl: QRNG_URL,
  headers: { authorization: `Bearer ${QRNG_API_KEY}` },
});

const text = await client.GET('/api/random', { parseAs: 'text' });
const binary = await client.GET('/api/random', {
  params: { query: { bytes: 1000, encoding: 'binary' } },
  parseAs: 'arrayBuffer',
});
const floats = await client.GET('/api/floats', { params: { query: { count: 100 } } });
const query = { count: 6, min: -9_007_199_254_740_991, max: 9_007_199_254_740_991, unique: true };
const integers = await client.GET('/api/integers', { params: { query } });
const status = await client.GET('/api/status');
const blocks = await client.POST('/v1/entropy', { body: { block_size: 32, block_count: 2 } });
const refused = await client.GET('/api/floats', { params: { query: { count: 0 } } });
console.log(
  JSON.stringify({
    hex: text.data,
    bytes: binary.data?.byteLength,
    floats: floats.data,
    integers: integers.data,
    capacity: status.data?.pool.capacity,
    blocks: blocks.data?.entropy,
    refused: [refused.error?.status, refused.error?.errors?.[0]?.name],
  }),
);
