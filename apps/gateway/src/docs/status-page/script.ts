/** What the status page does: asks /api/status with the visitor's key every two seconds, and shows the answer. */

export const SCRIPT = String.raw`'use strict';
const $ = (id) => document.getElementById(id);
const EVERY_MS = 2000, HIDDEN_MS = 30000, GIVE_UP_MS = 10000, FIRST_MS = 60000, SHOWN_MS = 300000, MEAN_MS = 10000, SILENT_SECS = 30;
let key = '', timer = 0, run = 0, mayAskAt = 0, updatedAt = '';
let flow = []; // readings of the last minutes

const bytes = (n) => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (n >= 999.95 && i < units.length - 1) { n /= 1000; i++; }
  return (i === 0 ? Math.round(n) : n.toFixed(1)) + ' ' + units[i];
};
const duration = (s) => s < 120 ? Math.round(s) + ' s' : s < 7200 ? Math.round(s / 60) + ' min' : s < 172800 ? Math.round(s / 3600) + ' h' : Math.round(s / 86400) + ' days';
const time = (at) => new Date(at).toLocaleTimeString();
const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };

async function ask(path, read) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Authorization: 'Bearer ' + key }, signal: AbortSignal.timeout(GIVE_UP_MS) });
    if (answer.ok) return await answer[read]();
  } catch (error) {
    throw new Error(error instanceof SyntaxError ? 'The answer is not one of a gateway.' : error.name === 'TimeoutError' ?
      'The gateway did not answer within ' + GIVE_UP_MS / 1000 + ' s.' : 'The gateway does not answer' + (navigator.onLine ? '.' : '; this browser is offline.'));
  }
  const problem = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail || 'The gateway answered ' + answer.status + '.'),
    { status: answer.status, retryAfter: Number(answer.headers.get('Retry-After')) || 0 });
}

function say(text, kind) {
  put($('state'), text);
  $('state').className = 'state ' + kind;
  document.title = text + ' – QRNG-DD';
}

function show(status) {
  const { pool, warnings, collectors } = status;
  if (!pool.ready) say('Not ready', 'bad');
  else if (warnings.length === 0) say('Ready to serve', 'good');
  else say('Ready, with ' + (warnings.length === 1 ? 'a warning' : warnings.length + ' warnings'), 'fair');
  showWarnings(warnings);
  showPool(status);
  showFlow(status);
  showSources(collectors);
  updatedAt = time(Date.now());
  put($('updated'), 'QRNG-DD ' + status.version + ', running since ' + new Date(status.startedAt).toLocaleString() + '. Updated ' + updatedAt + '.');
}

function list(id, lines) {
  const items = $(id).children;
  while (items.length > lines.length) $(id).lastChild.remove();
  lines.forEach((line, i) => put(items[i] || $(id).appendChild(document.createElement('li')), line));
}

function showWarnings(warnings) {
  $('warnings').hidden = warnings.length === 0;
  list('warning-list', warnings);
}

function showPool({ pool, feed }) {
  const full = pool.bytes >= 0.99 * pool.capacity; // so full that the gateway does not miss its feed
  const percent = full ? 100 : Math.floor(100 * pool.bytes / pool.capacity);
  put($('percent'), String(percent));
  $('fill').value = percent;
  $('fill').className = pool.ready ? '' : 'low';
  const age = feed.secondsSinceLastEntropy;
  list('pool-words', [
    bytes(pool.bytes) + ' of ' + bytes(pool.capacity),
    ...(pool.secondsUntilEmpty === null ? [] : ['empty in ' + duration(pool.secondsUntilEmpty) + ' at this rate']),
    full ? 'takes more as bytes are drawn' : age === null ? 'no entropy has arrived yet' : 'last entropy ' + duration(age) + ' ago',
  ]);
}

/** With the mean of the last seconds, by the counters of the gateway that answers; null for its first answer, also after a restart. */
function reading({ startedAt, totals: { receivedBytes, servedBytes } }, at) {
  const now = { at, startedAt, receivedBytes, servedBytes, rates: null };
  const earlier = flow.filter((one) => one.startedAt === startedAt);
  const then = earlier.find((one) => one.at >= at - MEAN_MS) || earlier.at(-1);
  if (then === undefined || then.receivedBytes > receivedBytes || then.servedBytes > servedBytes) return now;
  const seconds = (at - then.at) / 1000;
  return { ...now, rates: [(receivedBytes - then.receivedBytes) / seconds, (servedBytes - then.servedBytes) / seconds] };
}

function showFlow(status) {
  const at = Date.now();
  if (flow.length > 0 && at <= flow.at(-1).at) flow = []; // this computer's clock went back
  flow.push(reading(status, at));
  flow = flow.filter((one, i) => (flow[i + 1] || one).at > at - SHOWN_MS); // and one before, where the line comes from
  const shown = flow[0].at > at - FIRST_MS ? FIRST_MS : SHOWN_MS;
  const most = ceiling(Math.max(10, ...flow.flatMap(({ rates }) => rates || [])));
  const x = (one) => (600 - 600 * (at - one.at) / shown).toFixed(1);
  const runs = flow.reduce((runs, one) => (one.rates === null ? runs.push([]) : runs.at(-1).push(one), runs), [[]]).filter((run) => run.length > 0);
  const line = (which, ends) => runs.map((run) => run.map((one, i) =>
    (i === 0 ? 'M' : 'L') + x(one) + ' ' + (159 - 157 * one.rates[which] / most).toFixed(1)).join('') + ends(run)).join('');
  $('line-in').setAttribute('d', line(0, () => ''));
  $('line-out').setAttribute('d', line(1, () => ''));
  $('area-in').setAttribute('d', line(0, (run) => 'V159H' + x(run[0]) + 'Z'));
  const { inBytesPerSecond, outBytesPerSecond } = status.throughput;
  const [into, out] = (flow.at(-1).rates || [inBytesPerSecond, outBytesPerSecond]).map((rate) => bytes(rate) + '/s');
  put($('in'), into);
  put($('out'), out);
  put($('top'), bytes(most).replace('.0', '') + '/s');
  put($('from'), shown === FIRST_MS ? 'a minute ago' : 'five minutes ago');
  $('chart').setAttribute('aria-label', 'Chart, now ' + into + ' in, ' + out + ' out');
}

/** The next of 1, 2 or 5 times a power of ten, so that the scale seldom changes. */
function ceiling(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return power * [1, 2, 5, 10].find((step) => step * power >= n);
}

function sourceRow(name, collector, { up, healthFailures }, state, given) {
  const failed = Object.entries(healthFailures).filter(([, count]) => count > 0);
  const tests = failed.length === 0 ? 'no failures' : failed.map(([test, count]) => test.replaceAll('_', ' ') + ' failed ' + count + '×').join(', ');
  const silent = collector.secondsSinceLastPacket > SILENT_SECS;
  const now = silent ? '✗ collector silent for ' + duration(collector.secondsSinceLastPacket) : (up ? '✓ ' : '✗ ') + state;
  return [[name, '', collector.name], [now, up && !silent ? 'up' : 'down'], [tests, failed.length === 0 ? '' : 'down'], [given, 'number']];
}

function rowsOf(collector) {
  const { sources, mixing } = collector;
  if (sources.length === 0) return [[['–', '', collector.name], ['has not reported its sources yet', 'quiet'], ['', ''], ['', 'number']]];
  const rows = sources.map((source) => sourceRow(source.name, collector, source,
    source.state + (source.lastError && !source.up ? ' (' + source.lastError.replaceAll('_', ' ') + ')' : ''), bytes(source.bytes)));
  if (mixing === null) return rows;
  const state = (mixing.up ? 'mixed' : mixing.state === 'up' ? 'not mixed' : 'not mixed (' + mixing.state + ')') + ': ' + mixing.sourcesUp + ' of ' + sources.length + ' sources up, ' + mixing.minimum + ' needed';
  return [...rows, sourceRow('mixture', collector, mixing, state, '')];
}

function showSources(collectors) {
  const body = $('sources');
  const rows = collectors.flatMap(rowsOf);
  while (body.rows.length > rows.length) body.lastChild.remove();
  rows.forEach((cells, i) => {
    const row = body.rows[i] || body.insertRow();
    row.setAttribute('role', 'row');
    cells.forEach(([text, className, under = ''], j) => {
      const cell = row.cells[j] || row.insertCell();
      if (cell.firstChild === null) {
        cell.setAttribute('role', 'cell');
        cell.append(document.createElement('span'), document.createElement('small'));
      }
      cell.className = className;
      put(cell.firstChild, text);
      put(cell.lastChild, under);
    });
  });
  $('no-sources').hidden = rows.length > 0;
  const sources = collectors.flatMap((one) => one.sources.map(({ up }) => up && one.secondsSinceLastPacket <= SILENT_SECS));
  put($('sources-up'), sources.length === 0 ? '' : sources.filter(Boolean).length + ' of ' + sources.length + ' up');
}

async function update() {
  clearTimeout(timer);
  const mine = ++run; // a newer run, of another key perhaps, takes over
  let wait = document.hidden ? HIDDEN_MS : EVERY_MS;
  try {
    const status = await ask('/api/status', 'json');
    if (mine !== run) return;
    show(status);
    const typed = $('entry').contains(document.activeElement);
    $('entry').hidden = true;
    $('board').hidden = false;
    $('board').className = '';
    if (typed) $('board').focus(); // else a keyboard would begin at the top again
    put($('problem'), '');
  } catch (error) {
    if (mine !== run) return;
    if (error.status === 401) return refuse('The gateway does not take this key: it is unknown, has expired or was revoked.');
    if (error.status === 403) return refuse(error.message);
    if (error.retryAfter > 0) {
      wait = Math.max(wait, 1000 * Math.min(error.retryAfter, 3600));
      mayAskAt = Date.now() + wait;
    }
    stale(error, wait);
  }
  timer = setTimeout(update, wait);
}

/** What is shown stays, and says that it is old. */
function stale(error, wait) {
  $('board').className = 'stale';
  say(error.status === 429 ? 'Asked too often' : error.status ? 'No status' : 'No answer', 'bad');
  const next = wait <= EVERY_MS ? 'Trying again every ' + EVERY_MS / 1000 + ' s.' : 'Next try at ' + time(Date.now() + wait) + '.';
  list('warning-list', [error.message + ' ' + next, ...(updatedAt === '' ? [] : ['What is shown below is from ' + updatedAt + '.'])]);
  $('warnings').hidden = false;
  if (!$('entry').hidden) put($('problem'), error.message + ' ' + next);
}

function open(given) {
  key = given;
  flow = [];
  if (/^[\x21-\x7e]+$/.test(key)) void update();
  else refuse('This is no API key: those have no blanks, and no letters beyond ASCII.');
}

function refuse(text) {
  run++;
  clearTimeout(timer);
  key = '';
  $('entry').hidden = false;
  $('board').hidden = true;
  put($('drawn'), '');
  put($('updated'), '');
  put($('problem'), text);
  say('Waiting for an API key', '');
  $('key').focus();
}

$('entry').addEventListener('submit', (event) => {
  event.preventDefault();
  const given = $('key').value.trim();
  $('key').value = '';
  open(given);
});
$('draw').addEventListener('click', async () => {
  const drawn = await ask('/api/random?bytes=32', 'text').catch((error) => error.message);
  if (key !== '') put($('drawn'), drawn);
});
/** A page that was out of sight, or a computer that was offline, shows at once how things are. */
function updateNow() {
  if (key !== '' && !document.hidden && Date.now() >= mayAskAt) void update();
}
document.addEventListener('visibilitychange', updateNow);
addEventListener('online', updateNow);
put($('curl'), 'curl -H "Authorization: Bearer $QRNG_API_KEY" "' + location.origin + '/api/random?bytes=32"');

function openFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!given) return;
  history.replaceState(null, '', location.pathname); // no key in the history, or for somebody who looks at the screen
  open(given);
}
addEventListener('hashchange', openFromAddress);
openFromAddress();
`;
