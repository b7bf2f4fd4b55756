/** Which room may import which: every import goes down, and no two folders import each other. `npm run lint` checks it. */

/** The floors of the gateway, the lowest first (docs/decisions/0008-floors.md). A folder, or a file without `.ts`. */
const GATEWAY = [
  [
    'settings',
    'bounds',
    'settings-source',
    'settings-values',
    'settings.module',
    'clock',
    'failpoint',
    'framework-logger',
    'log-events',
    'maps',
    'repeated-member',
    'problem',
    'clients',
    'addresses',
    'link',
  ],
  ['audit', 'metrics', 'packet-keys', 'redis', 'reload', 'state'],
  ['limits', 'pool', 'admission', 'collectors', 'connections', 'tls', 'receipts', 'clock-watch'],
  ['gate'],
  ['push', 'receive', 'api', 'open-api', 'mcp', 'docs', 'health', 'scrape'],
  ['http', 'gateway.module', 'create-gateway', 'workers', 'check-files', 'check', 'start', 'main'],
];

/** The floors of the collector, the lowest first. */
const COLLECTOR = [
  [
    'settings',
    'exit-breached',
    'log-events',
    'log-budget',
    'bell',
    'backoff',
    'pem-files',
    'ledger',
    'state',
  ],
  ['diode', 'sources'],
  ['telemetry', 'operator'],
  ['push'],
  ['collector.module', 'create-collector', 'check-files', 'check', 'confine', 'start', 'main'],
];

/** The floors of the repository. */
const REPOSITORY = [['libs'], ['apps', 'clients'], ['tools'], ['scripts', 'bench', 'test']];

function floorRules(name, base, floors) {
  const pattern = (rooms) =>
    `^${base}(${rooms.map((room) => room.replaceAll('.', '\\.')).join('|')})(/|\\.ts$)`;
  return floors.slice(0, -1).map((rooms, floor) => ({
    name: `${name}-floor-${floor}`,
    comment: `${rooms.join(', ')} may import nothing from a floor above.`,
    severity: 'error',
    from: { path: pattern(rooms), pathNot: '\\.spec\\.ts$' },
    to: { path: pattern(floors.slice(floor + 1).flat()) },
  }));
}

/** A room that stands on no floor would be under no rule. */
function roomlessRule(name, base, floors) {
  const rooms = floors.flat().map((room) => room.replaceAll('.', '\\.'));
  return {
    name: `${name}-room-without-floor`,
    comment: 'Give the new room a floor in .dependency-cruiser.js.',
    severity: 'error',
    from: {},
    to: { path: `^${base}`, pathNot: `^${base}(${rooms.join('|')})(/|\\.ts$)|\\.spec\\.ts$` },
  };
}

export default {
  forbidden: [
    ...floorRules('gateway', 'apps/gateway/src/', GATEWAY),
    roomlessRule('gateway', 'apps/gateway/src/', GATEWAY),
    ...floorRules('collector', 'apps/collector/src/', COLLECTOR),
    roomlessRule('collector', 'apps/collector/src/', COLLECTOR),
    ...floorRules('repository', '', REPOSITORY),
    {
      name: 'apps-apart',
      comment: 'The collector and the gateway share libraries, never code of each other.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'folders-in-a-ring',
      comment: 'Two folders that import each other are one folder, or one of the imports runs the wrong way.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    { name: 'files-in-a-ring', severity: 'error', from: {}, to: { circular: true } },
    // class-validator's files are named by package.json "imports", whose types and code lie in different folders.
    {
      name: 'missing',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^#class-validator/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.spec\\.ts$|^test/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['source', 'types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
