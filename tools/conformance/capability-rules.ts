/** The rules of authentication and of GET /capabilities. */
import { extensionsFault, isWhole, shown, unless } from './rule.js';
import type { Rule } from './rule.js';
import { objectOf } from './server.js';
import type { Server } from './server.js';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

async function member(server: Server, name: string): Promise<unknown> {
  return objectOf((await server.capabilities()).json)[name];
}

/** What is wrong with the bound that clients check first: `min` is optional and 1, `max` is required. */
async function boundFault(server: Server, what: 'size' | 'count'): Promise<string | undefined> {
  const bounds = await server.bounds();
  const { [`min_block_${what}`]: min = 1, [`max_block_${what}`]: max } = bounds;
  return unless(isWhole(min, 1) && isWhole(max, min), `min is ${shown(min)}, max is ${shown(max)}`);
}

const CAPABILITIES: readonly Rule[] = [
  {
    id: 'A1',
    basis: 'document',
    text: 'A token is accepted in `Authorization: Bearer` or in `X-API-KEY`',
    check: async (server) => {
      if (!server.hasToken) return null;
      const { status } = await server.capabilities();
      return unless(status === 200, `GET capabilities answers ${status} to the header ${server.header}`);
    },
  },
  {
    id: 'A2',
    basis: 'judgement',
    text: 'A request without a token is answered 401',
    check: async (server) => {
      if (!server.hasToken) return null;
      const { status } = await server.as('none').get('capabilities');
      return unless(status === 401, `the answer is ${status}`);
    },
  },
  {
    id: 'A3',
    basis: 'judgement',
    text: 'Both headers are accepted',
    check: async (server) => {
      if (!server.hasToken) return null;
      for (const header of ['bearer', 'x-api-key'] as const) {
        const { status } = await server.as(header).get('capabilities');
        if (status !== 200) return `the answer to the header ${header} is ${status}`;
      }
      return undefined;
    },
  },
  {
    id: 'C1',
    basis: 'document',
    text: 'GET capabilities answers 200 with a JSON object that has the object `entropy`; clients follow no redirect',
    check: async (server) => {
      const { status, type, json } = await server.capabilities();
      const entropy = objectOf(json)['entropy'];
      const holds = status === 200 && /^application\/json\b/i.test(type) && entropy === Object(entropy);
      return unless(holds, `status ${status}, ${type || 'no content type'}, entropy is ${shown(entropy)}`);
    },
  },
  {
    id: 'C2',
    basis: 'document',
    text: '`max_block_size` is a whole number of bytes; `min_block_size`, 1 if absent, is not above it',
    check: (server) => boundFault(server, 'size'),
  },
  {
    id: 'C3',
    basis: 'document',
    text: '`max_block_count` is a whole number; `min_block_count`, 1 if absent, is not above it',
    check: (server) => boundFault(server, 'count'),
  },
  {
    id: 'C4',
    basis: 'document',
    text: '`entropy_types`, if present, is a list of different names; the first one is the default',
    check: async (server) => {
      const { entropy_types: types } = await server.bounds();
      if (types === undefined) return null;
      const names = Array.isArray(types) ? (types as unknown[]) : [];
      const holds = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '');
      return unless(holds && new Set(names).size === names.length, `entropy_types is ${shown(types)}`);
    },
  },
  {
    id: 'C5',
    basis: 'document',
    text: '`extensions`, in `entropy` and at the top, is a list of objects if present',
    check: async (server) =>
      extensionsFault((await server.bounds())['extensions']) ??
      extensionsFault(await member(server, 'extensions')),
  },
  {
    id: 'C6',
    basis: 'document',
    text: '`healthtest`, if present, has a list `test_threshold` of objects with `test_type` and `time_stamp`',
    check: async (server) => {
      const healthtest = await member(server, 'healthtest');
      if (healthtest === undefined) return null;
      const { test_threshold: thresholds } = objectOf(healthtest);
      const holds =
        Array.isArray(thresholds) &&
        thresholds
          .map(objectOf)
          .every((t) => typeof t['test_type'] === 'string' && typeof t['time_stamp'] === 'string');
      return unless(holds, `healthtest is ${shown(healthtest)}`);
    },
  },
  {
    id: 'C7',
    basis: 'clients',
    text: '`source_count`, if present, is a whole number at the top',
    check: async (server) => {
      const count = await member(server, 'source_count');
      return count === undefined ? null : unless(isWhole(count, 0), `source_count is ${shown(count)}`);
    },
  },
];

const HEALTH_TEST: readonly Rule[] = [
  {
    id: 'H1',
    basis: 'document',
    text: 'GET healthtest answers 200 with a list `test_result` if the capabilities have `healthtest`',
    check: (server) => healthTestFault(server, () => true),
  },
  {
    id: 'H2',
    basis: 'document',
    text: 'Each result has `test_type`, `test_result` of any JSON, and `time_stamp`',
    check: (server) =>
      healthTestFault(
        server,
        ({ test_type, test_result, time_stamp }) =>
          typeof test_type === 'string' && test_result !== undefined && typeof time_stamp === 'string',
      ),
  },
  {
    id: 'H3',
    basis: 'judgement',
    text: '`time_stamp` is of RFC 3339 (the example of the document is misprinted)',
    check: (server) => healthTestFault(server, ({ time_stamp }) => RFC_3339.test(String(time_stamp))),
  },
  {
    id: 'H4',
    basis: 'document',
    text: '`report_link` is a URL if present, `extensions` a list of objects',
    check: async (server) => {
      const fault = await healthTestFault(
        server,
        ({ report_link: link }) => link === undefined || (typeof link === 'string' && URL.canParse(link)),
      );
      if (fault !== undefined) return fault;
      return extensionsFault(objectOf((await server.get('healthtest')).json)['extensions']);
    },
  },
];

async function healthTestFault(
  server: Server,
  holds: (result: Record<string, unknown>) => boolean,
): Promise<string | undefined | null> {
  if ((await member(server, 'healthtest')) === undefined) return null;
  const { status, json } = await server.get('healthtest');
  const { test_result: results } = objectOf(json);
  if (status !== 200 || !Array.isArray(results)) return `status ${status}, test_result is ${shown(results)}`;
  const bad = (results as unknown[]).find((result) => !holds(objectOf(result)));
  return unless(bad === undefined, `a result is ${shown(bad)}`);
}

export const CAPABILITY_RULES: readonly Rule[] = [...CAPABILITIES];

/** Rules of GET /healthtest, which a server has if its capabilities say so. */
export const HEALTH_TEST_RULES: readonly Rule[] = [...HEALTH_TEST];
