/**
 * Receipts that no verifier may take: a good one that somebody changed, and others that were forged by somebody who has the
 * gateway's own key, so that all signatures are right and only their content is not what the form allows.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { draw, integers } from '#libs/entropy';
import {
  canonicalJson,
  encodeEntry,
  formatProof,
  inclusionPath,
  leafHash,
  lineageLeaf,
  lineagePath,
  lineageRoot,
  packetDigest,
  proofJson,
  salted,
  signatureOf,
  signCheckpoint,
  signLineage,
  subtreesOf,
  treeRoot,
  verifierKey,
} from '#libs/tlog';

const key = (name: string) => ({ name, key: generateKeyPairSync('ed25519').privateKey });
const log = key('gateway.example.com/receipts');
const collector = key('collector-1');
const BOOT = 1_764_000_000_000n;
const REQUEST = 'GET /api/integers?count=5&max=6&min=1';

/** The keys that the receipts below claim to be signed with. */
export const FORGED_KEYS = { log: verifierKey(log), collector: verifierKey(collector) };

/** A receipt file, and whether it takes a repeated draw to see that it is forged. */
export interface Forgery {
  readonly name: string;
  readonly receipt: string;
  readonly onlyByDraw?: boolean;
}

/** The texts that a receipt is made of, before they are signed. */
interface Parts {
  readonly entry: string;
  /** Makes the extra from the entry. */
  readonly extra: (entry: string) => string;
}

/** The digest, statement and proof of packet 1 of a collector, with numbers as they are given. */
function packet(from: bigint, to: bigint) {
  const digest = packetDigest({ mac: randomBytes(32), data: randomBytes(64) });
  const leaves = [lineageLeaf(from, digest), lineageLeaf(from + 1n)].slice(0, Number(to - from) + 1);
  const groups = { size: leaves.length, roots: [lineageRoot(leaves)] };
  const signature = signatureOf(signLineage({ boot: BOOT, from, to, root: lineageRoot(leaves) }, collector));
  return { digest, proof: { from, to, signature, path: lineagePath(0, leaves, groups) } };
}

const { digest, proof } = packet(1n, 2n);
const supply = randomBytes(64);
const salt = randomBytes(32);
let taken = 0;
/** The body of the answer that the good receipt is about. */
export const FORGED_ANSWER = JSON.stringify(
  draw(integers({ count: 5, min: 1, max: 6 }), (count) =>
    Buffer.from(supply.subarray(taken, (taken += count))),
  ),
);
const raw = supply.subarray(0, taken);
const piece = { collector: collector.name, boot: BOOT, sequence: 1n, packet: digest };
const good: Parts = {
  entry: encodeEntry({
    ...{ time: 1_764_000_123_456, client: randomBytes(32), request: REQUEST },
    ...{ answer: salted(salt, Buffer.from(FORGED_ANSWER)), raw: salted(salt, raw) },
    lineage: [
      { ...piece, offset: 0, length: 1 },
      { ...piece, offset: 8, length: taken - 1 },
    ],
  }).toString(),
  extra: (entry) =>
    canonicalJson({
      ...{ entry, salt: salt.toString('base64'), raw: raw.toString('base64') },
      lineage: [proofJson(proof)],
    }),
};

function file({ entry, extra }: Parts): string {
  const leaves = [Buffer.from('before'), Buffer.from(entry), Buffer.from('after')].map((one) =>
    leafHash(one),
  );
  const subtrees = subtreesOf(leaves);
  const root = treeRoot(leaves.length, subtrees);
  return formatProof({
    ...{ index: 1, path: inclusionPath(1, leaves.length, subtrees), extra: Buffer.from(extra(entry)) },
    checkpoint: signCheckpoint({ origin: log.name, size: leaves.length, root }, log),
  });
}

/** The receipt that all others were made from; it verifies. */
export const UNFORGED_RECEIPT = file(good);

/** Replaces text that must be there. */
function replaced(text: string, from: string | RegExp, to: string): string {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`${String(from)} is not in the text`);
  return other;
}

const withEntry = (from: string | RegExp, to: string): string =>
  file({ ...good, entry: replaced(good.entry, from, to) });
const withExtra = (from: string | RegExp, to: string): string =>
  file({ ...good, extra: (entry) => replaced(good.extra(entry), from, to) });
const withFile = (from: string | RegExp, to: string): string => replaced(UNFORGED_RECEIPT, from, to);

const NUL = String.fromCharCode(0);
const entries: Record<string, string> = {
  'a member more in the entry': withEntry(/^\{/, '{"a":1,'),
  'a member twice in the entry': withEntry('"v":1', '"v":1,"v":1'),
  'a name that a parser could take for its own': withEntry(/^\{/, '{"__proto__":{},'),
  'spaces in the entry': withEntry('"v":1', '"v": 1'),
  'a line end behind the entry': withEntry(/$/, '\n'),
  'members of the entry out of order': withEntry(/^\{(.*),"v":1\}$/, '{"v":1,$1}'),
  'another version': withEntry('"v":1', '"v":2'),
  'the version as a fraction': withEntry('"v":1', '"v":1.0'),
  'the version as text': withEntry('"v":1', '"v":"1"'),
  'a negative zero': withEntry('"offset":0', '"offset":-0'),
  'a negative number': withEntry('"offset":0', '"offset":-1'),
  'a number with an exponent': withEntry('"offset":8', '"offset":8e0'),
  'a fraction': withEntry('"offset":8', '"offset":8.5'),
  'a huge number': withEntry('"offset":8', '"offset":1e400'),
  'a number that is not exact': withEntry('"offset":8', '"offset":9007199254740993'),
  'a number as text': withEntry('"sequence":1', '"sequence":"1"'),
  'a number as hexadecimal text': withEntry('"sequence":1', '"sequence":"0x1"'),
  'a sequence beyond 64 bits': withEntry(/"sequence":1\b/g, '"sequence":"99999999999999999999"'),
  'a time in another form': withEntry(/"time":"([^"]+)\.\d+Z"/, '"time":"$1Z"'),
  'a time that is none': withEntry(/"time":"[^"]+"/, '"time":"yesterday"'),
  'an escape where none is needed': withEntry('"GET', String.raw`"\u0047ET`),
  'no packet': withEntry(/"lineage":\[.*\],"raw"/, '"lineage":[],"raw"'),
  'one packet with two digests': withEntry(/("length":1,.*?"packet":")[^"]{6}/, '$1AAAAAA'),
  'more bytes drawn than the lineage names': withEntry('"length":1', '"length":0'),
  'hashes in base64url': withEntry(/"client":"[^"]+"/, `"client":"${'_'.repeat(42)}8="`),
};
const extras: Record<string, string> = {
  'a member more in the extra': withExtra(/\}$/, ',"z":1}'),
  'a member twice in the extra': withExtra(/^\{/, '{"salt":"",'),
  'spaces in the extra': withExtra(/^\{/, '{ '),
  'a mark of byte order in the extra': withExtra(/^/, '\ufeff'),
  'a zero byte behind the extra': withExtra(/$/, NUL),
  'the extra as a list': withExtra(/^(.*)$/, '[$1]'),
  'a member more in a proof': withExtra('"from":1', '"a":1,"from":1'),
  'a proof with a number as text': withExtra('"from":1', '"from":"1"'),
  'a second signature inside the first': withExtra(
    /"signature":"([^"]+)"/,
    String.raw`"signature":"$1\n— other AAAAAAAA"`,
  ),
  'spaces around a signature': withExtra(/"signature":"([^"]+)"/, '"signature":" $1"'),
  'a signature with something behind it': withExtra(/"signature":"([^"=]+)=*"/, '"signature":"$1AAAA"'),
  'a salt that is longer': withExtra(/"salt":"([^"]+)="/, '"salt":"$1AAAA="'),
  'no salt': withExtra(/,"salt":"[^"]+"/, ''),
  'one proof too many': withExtra(/"lineage":\[(\{.*?\})\]/, '"lineage":[$1,$1]'),
  'a proof of other packets': withExtra('"to":2', '"to":1'),
  'a proof beyond 64 bits': withExtra('"from":1', '"from":"99999999999999999999"'),
  'a path that is longer': withExtra(/"path":\["([^"]+)"\]/, '"path":["$1","$1"]'),
};
const files: Record<string, string> = {
  'a mark of byte order': withFile(/^/, '\ufeff'),
  'line ends of Windows': withFile(/\n/g, '\r\n'),
  'one line end of Windows': withFile('\n', '\r\n'),
  'an empty line at the end': withFile(/$/, '\n'),
  'a space at the end of a line': withFile(/\nindex (\d+)/, '\nindex $1 '),
  'a space that is no space': withFile('\nindex ', '\nindex\u00a0'),
  'a letter of another alphabet': withFile('\nindex', '\nind\u0435x'),
  'digits of another script': withFile(/\nindex 1\n/, '\nindex \u0661\n'),
  'an index with a sign': withFile('\nindex ', '\nindex +'),
  'an index with a zero in front': withFile('\nindex ', '\nindex 0'),
  'a huge index': withFile(/\nindex \d+/, '\nindex 9999999999999999'),
  'an index of another entry': withFile(/\nindex \d+/, '\nindex 0'),
  'an index with the width of the tree more': withFile(/\nindex \d+/, '\nindex 4'),
  'no extra': withFile(/\nextra [^\n]+/, ''),
  'two extras': withFile(/(\nextra [^\n]+)/, '$1$1'),
  'the index before the extra': withFile(/(\nextra [^\n]+)(\nindex \d+)/, '$2$1'),
  'another version of the form': withFile('@v1', '@v2'),
  'a hash in the path twice': withFile(/(\nindex \d+)(\n[^\n]+)/, '$1$2$2'),
  'the path in another order': withFile(/(\nindex \d+)(\n[^\n]+)(\n[^\n]+)\n\n/, '$1$3$2\n\n'),
  'no path': withFile(/(\nindex \d+)(\n[^\n]+)+?\n\n/, '$1\n\n'),
  'a path without padding': withFile(/=\n/, '\n'),
  'a tree that is larger': withFile(/\n3\n/, '\n4\n'),
  'the size with a zero in front': withFile(/\n3\n/, '\n03\n'),
  'an extension of the checkpoint': withFile(/(\n3\n[^\n]+\n)/, '$1more\n'),
  'another name of the log': withFile(/gateway\.example\.com/g, 'gateway.example.org'),
  'another dash': withFile('\n— ', '\n- '),
  'the signature twice, once changed': withFile(/(\n— \S+ )(\S)(\S+\n)$/, '$1$2$3$1A$3'),
  'a control character': withFile(/(\n— )/, `\n${NUL}$1`),
  'no signature': withFile(/\n— [^\n]+\n$/, '\n'),
  nothing: withFile(/^[^]*$/, ''),
};
const requests = [
  ...['count=5&count=6&max=6&min=1', 'count=5&max=6&min=1&unique=TRUE', 'count=5&max=6&min=1&seed=1'],
  ...['max=6&min=1&count=5', 'count=05&max=6&min=1', 'count=5&max=6.0&min=1', 'count=5&max=6&min=0x1'],
  ...['count=%35&max=6&min=1', 'count=5&max=6&min=+1', 'count=5&max=6&min=%201', 'count=5&max=6&min=1&'],
  ...['&count=5&max=6&min=1', 'count=5&max=6&min=1#', 'count=5&max=6&min=%', 'count=5=5&max=6&min=1'],
  ...['count=5&max=100&min=1', 'count=4&max=6&min=1', 'Count=5&max=6&min=1', 'count=5&max=6&min=1&unique='],
];

const named = (texts: Record<string, string>): Forgery[] =>
  Object.entries(texts).map(([name, receipt]) => ({ name, receipt }));

/** What neither `qrng verify` nor the receipt page may verify. */
export const FORGERIES: readonly Forgery[] = [
  ...named(entries),
  ...named(extras),
  ...named(files),
  ...requests.map((query) => ({
    name: `the request ${query}`,
    receipt: withEntry('count=5&max=6&min=1', query),
    onlyByDraw: true,
  })),
];
