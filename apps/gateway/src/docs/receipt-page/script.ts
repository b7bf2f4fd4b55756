/**
 * What the receipt page does: verifies a receipt in the browser, with WebCrypto alone; it sends nothing anywhere. It is as strict as
 * `qrng verify`: test/support/forged-receipts.ts has what both refuse.
 */

export const SCRIPT = String.raw`'use strict';
const $ = (id) => document.getElementById(id);
const text = new TextEncoder();
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const MOST_BYTES = 4 * 1024 * 1024; // as qrng verify
const refuse = (message) => { throw new Error(message); };

function bytesOf(base64, length) {
  let raw = '';
  try { raw = atob(base64); } catch { refuse('the receipt is malformed (base64)'); }
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  if (base64Of(bytes) !== base64 || (length !== undefined && bytes.length !== length)) refuse('the receipt is malformed (base64)');
  return bytes;
}
const base64Of = (bytes) => { let raw = ''; for (const b of bytes) raw += String.fromCharCode(b); return btoa(raw); };
const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
};
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest('SHA-256', join(...parts)));
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const leafOf = (entry) => sha256(Uint8Array.of(0), entry);

/** RFC 8785: the one text of a value. */
function canonical(value) {
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return '{' + Object.keys(value).sort().map((name) => JSON.stringify(name) + ':' + canonical(value[name])).join(',') + '}';
}
function parsed(json) {
  let value;
  try { value = JSON.parse(json); } catch { refuse('the receipt is malformed (JSON)'); }
  return canonical(value) === json ? value : refuse('the receipt is malformed (JSON)');
}

const isText = (value) => typeof value === 'string' && value.isWellFormed();
const isBytes = (length) => (value) => isText(value) && bytesOf(value, length).length > 0;
const isSmall = (value) => Number.isSafeInteger(value) && value >= 0;
/** A u64 as JSON: a number where that is exact, text beyond. */
const isNumber = (value) => isSmall(value) || (typeof value === 'string' && /^[1-9][0-9]{15,19}$/.test(value) && BigInt(value) > 2n ** 53n - 1n && BigInt(value) < 2n ** 64n);
const isTime = (value) => isText(value) && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value;
const listOf = (is, most) => (value) => Array.isArray(value) && value.length <= most && value.every(is);
/** An object with these members and no others; one that ends in ? may be missing. */
const shape = (members) => (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const left = new Set(Object.keys(value));
  const fits = Object.entries(members).every(([name, is]) => {
    const key = name.replace('?', '');
    return left.delete(key) ? is(value[key]) : key !== name;
  });
  return fits && left.size === 0;
};
const isPiece = shape({ boot: isNumber, collector: isText, length: isSmall, offset: isSmall, packet: isBytes(32), sequence: isNumber });
const isEntry = shape({ answer: isBytes(32), client: isBytes(32), lineage: listOf(isPiece, 256), 'raw?': isBytes(32), request: isText, time: isTime, v: (value) => value === 1 });
const isProof = shape({ from: isNumber, path: listOf(isBytes(32), 63), signature: isBytes(68), to: isNumber });
const isExtra = shape({ entry: isText, 'lineage?': listOf(isProof, 256), 'raw?': isText, salt: isBytes(32) });

/** A public key as it is pinned: NAME+ID+BASE64(01 || key). */
async function keyOf(line) {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(line.trim()) || refuse('a public key is NAME+ID+KEY: ' + line.slice(0, 40));
  const bytes = bytesOf(encoded, 33);
  const hash = await sha256(text.encode(name + '\n'), bytes);
  if (bytes[0] !== 1 || [...hash.slice(0, 4)].map((b) => b.toString(16).padStart(2, '0')).join('') !== id) refuse('the id of this public key is not that of its key: ' + name);
  const key = await crypto.subtle.importKey('raw', bytes.slice(1), 'Ed25519', false, ['verify']).catch((error) =>
    refuse(error.name === 'NotSupportedError' ? 'this browser cannot check Ed25519 signatures; a newer one can, and qrng verify' : 'this public key is none: ' + name));
  return { name, id: hash.slice(0, 4), key };
}
async function keysOf(box) {
  return Promise.all($(box).value.split('\n').filter((line) => line.trim() !== '').map(keyOf));
}

/** The text of a note, once the log or collector of this name has signed it with one of the keys. */
async function opened(note, keys, signer) {
  if (!keys.some(({ name }) => name === signer)) refuse('the receipt is of ' + signer + ', and none of the keys given here is');
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f\u007f\ufffd]/.test(note)) refuse('not a signed note');
  const body = note.slice(0, end + 1);
  let known = false;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > 64) refuse('a note has at most 64 signatures');
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 ([^\s+]+) (\S+)$/.exec(line) || refuse('a signature is not of its form');
    const bytes = bytesOf(encoded);
    const key = keys.find((one) => one.name === name && same(one.id, bytes.slice(0, 4)));
    if (key === undefined) continue;
    if (!(await crypto.subtle.verify('Ed25519', key.key, bytes.slice(4), text.encode(body)))) refuse('the signature of ' + name + ' is wrong');
    known = true;
  }
  return known ? body : refuse('it is not signed with the key of ' + signer + ' that was given here');
}

/** The root that a tree of size leaves has if leaf is its leaf index (RFC 9162, 2.1.3.2). Numbers are BigInt. */
async function rootOf(leaf, index, size, path) {
  if (index < 0n || index >= size) return undefined;
  let at = index, last = size - 1n, hash = leaf;
  for (const sibling of path) {
    if (last === 0n) return undefined;
    const isLeft = at % 2n === 1n || at === last;
    hash = await sha256(Uint8Array.of(1), ...(isLeft ? [sibling, hash] : [hash, sibling]));
    while (isLeft && at % 2n === 0n && at !== 0n) { at /= 2n; last /= 2n; }
    at /= 2n; last /= 2n;
  }
  return last === 0n ? hash : undefined;
}

function partsOf(file) {
  const end = file.indexOf('\n\n');
  const lines = file.slice(0, end).split('\n');
  if (end < 0 || lines[0] !== 'c2sp.org/tlog-proof@v1') refuse('this is no receipt: the first line of one is c2sp.org/tlog-proof@v1');
  const [, encoded] = /^extra (\S+)$/.exec(lines[1]) || refuse('the receipt has no extra');
  const [, index] = /^index (0|[1-9][0-9]{0,15})$/.exec(lines[2]) || refuse('the receipt has no index');
  const extra = parsed(utf8.decode(bytesOf(encoded)));
  if (!isExtra(extra)) refuse('the receipt is malformed (extra)');
  const entry = parsed(extra.entry);
  if (!isEntry(entry) || entry.lineage.length === 0) refuse('the receipt is malformed (entry)');
  if (!Number.isSafeInteger(Number(index)) || lines.length > 66) refuse('the receipt is malformed (index or path)');
  return { index: BigInt(index), path: lines.slice(3).map((line) => bytesOf(line, 32)), checkpoint: file.slice(end + 2), extra, entry };
}

async function checkLog({ index, path, checkpoint, extra }, keys) {
  const [origin, size, root] = (await opened(checkpoint, keys, checkpoint.split('\n', 1)[0])).split('\n');
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) refuse('the size of a checkpoint is a decimal number');
  const found = await rootOf(await leafOf(text.encode(extra.entry)), index, BigInt(size), path);
  if (found === undefined || base64Of(found) !== root) refuse('the entry is not in the log: the path does not lead to the root');
  return 'the log ' + origin + ' has signed that its entry ' + index + ' of ' + size + ' is this one';
}

async function checkAnswer({ extra, entry }, answer) {
  const lines = answer.trim().split(/\r?\n/);
  // As it came, with a line feed behind it, or as qrng prints a list: one number or text a line.
  for (const body of [answer, answer.replace(/\r?\n$/, ''), '[' + lines.join(',') + ']', JSON.stringify(lines)]) {
    if (base64Of(await sha256(bytesOf(extra.salt, 32), text.encode(body))) === entry.answer) return 'the answer is the one of the receipt';
  }
  return refuse('this answer is not the one of the receipt');
}

async function checkBytes({ extra, entry }) {
  const raw = bytesOf(extra.raw);
  if (base64Of(await sha256(bytesOf(extra.salt, 32), raw)) !== entry.raw) refuse('the bytes that the receipt reveals are not those that the log has noted');
  if (entry.lineage.reduce((sum, { length }) => sum + length, 0) !== raw.length) refuse('the lineage is not one of as many bytes as were drawn');
  return 'the ' + raw.length + ' bytes that were drawn are those that the log has noted; qrng verify --draw draws from them again';
}

async function checkPackets({ extra, entry }, keys) {
  const packets = new Map();
  for (const piece of entry.lineage) {
    const name = [piece.collector, piece.boot, piece.sequence].join(' ');
    if (!packets.has(name)) packets.set(name, piece);
    if (packets.get(name).packet !== piece.packet) refuse('the receipt is malformed (one packet with two digests)');
  }
  const proofs = extra.lineage || [];
  if (proofs.length !== packets.size) refuse('the receipt has no signature of the collector for its packets; one that is fetched a few seconds later may have it');
  let at = 0;
  for (const { collector, boot, sequence, packet } of packets.values()) {
    const { from, to, signature, path } = proofs[at++];
    if (BigInt(to) - BigInt(from) >= 2n ** 20n) refuse('a packet is not one that the statement is about');
    const number = new DataView(new ArrayBuffer(8));
    number.setBigUint64(0, BigInt(sequence));
    const leaf = await leafOf(join(new Uint8Array(number.buffer), bytesOf(packet, 32)));
    const root = await rootOf(leaf, BigInt(sequence) - BigInt(from), BigInt(to) - BigInt(from) + 1n, path.map((hash) => bytesOf(hash, 32)));
    if (root === undefined) refuse('a packet is not one that the statement is about');
    await opened('qrng-dd lineage v1\n' + collector + ' ' + boot + '\n' + from + ' ' + to + '\n' + base64Of(root) + '\n\n\u2014 ' + collector + ' ' + signature + '\n', keys, collector);
  }
  return 'the collector has signed that it sent the ' + packets.size + (packets.size === 1 ? ' packet' : ' packets');
}

const WORDS = { passed: 'ok', failed: 'failed', unchecked: 'not checked' };
function show(steps, about) {
  const failed = steps.some(({ result }) => result === 'failed');
  const open = steps.some(({ result }) => result === 'unchecked');
  $('state').textContent = failed ? 'Not verified' : open ? 'Verified, but for what was not checked' : 'Verified';
  $('state').className = 'state ' + (failed ? 'bad' : open ? '' : 'good');
  $('steps').replaceChildren(...steps.map(({ result, words }) => {
    const item = document.createElement('li');
    const mark = document.createElement('b');
    mark.textContent = WORDS[result];
    mark.className = result === 'passed' ? 'up' : result === 'failed' ? 'down' : 'quiet';
    item.append(mark, ' ' + words);
    return item;
  }));
  $('about').hidden = failed || !about;
  $('about').textContent = failed || !about ? '' : about.request + '\n' + about.time + ', as the gateway says';
  $('outcome').hidden = false;
  $('outcome').focus(); // it can be below what a phone shows
}

async function verify() {
  const steps = [];
  const check = async (run) => {
    try {
      steps.push({ result: 'passed', words: await run() });
    } catch (error) {
      steps.push({ result: 'failed', words: error instanceof Error ? error.message : String(error) });
    }
  };
  const skip = (words) => steps.push({ result: 'unchecked', words });
  let receipt;
  await check(async () => { receipt = partsOf(givenReceipt()); return 'this is a receipt (c2sp.org/tlog-proof@v1)'; });
  if (receipt !== undefined) {
    await check(async () => checkLog(receipt, await keysOf('log-key')));
    if ($('answer').value === '') skip('paste the answer to see whether the receipt is about it');
    else await check(() => checkAnswer(receipt, $('answer').value));
    if (receipt.extra.raw !== undefined) await check(() => checkBytes(receipt));
    if ($('collector-key').value.trim() === '') skip('paste the key of the collector to see whether it signed for the packets');
    else await check(async () => checkPackets(receipt, await keysOf('collector-key')));
  }
  show(steps, receipt && receipt.entry);
}

/** A file is verified as it is; what was pasted may have other ends of lines, which the box does not show. */
let chosen;
async function choose(file) {
  const why = file.size > MOST_BYTES ? 'is longer than any receipt' : 'cannot be read';
  const exact = file.size > MOST_BYTES ? undefined : await file.arrayBuffer().then((bytes) => utf8.decode(bytes), () => undefined);
  $('receipt').value = exact ?? '';
  chosen = { exact, shown: $('receipt').value };
  if (exact === undefined) show([{ result: 'failed', words: 'the file ' + (file.name || '') + ' ' + why }]);
}
function givenReceipt() {
  const { value } = $('receipt');
  if (value.length > MOST_BYTES) refuse('this is longer than any receipt');
  return chosen && chosen.shown === value ? chosen.exact : value.trimEnd() + '\n';
}

$('entry').addEventListener('submit', (event) => { event.preventDefault(); void verify(); });
$('file').addEventListener('change', async () => { const [file] = $('file').files; if (file) await choose(file); });
const hasFile = (event) => event.dataTransfer.types.includes('Files');
document.addEventListener('dragover', (event) => { if (hasFile(event)) event.preventDefault(); });
document.addEventListener('drop', async (event) => {
  if (!hasFile(event)) return; // text goes into the box that it is dropped on
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) await choose(file);
});
if (!crypto.subtle) show([{ result: 'failed', words: 'browsers verify only in pages that came over HTTPS; qrng verify does without' }]);
`;
