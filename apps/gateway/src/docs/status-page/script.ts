/** What the status page does: asks /api/status with the visitor's key every two seconds, and shows the answer. */

export const SCRIPT = String.raw`'use strict';
const $ = (id) => document.getElementById(id);
const EVERY_MS = 2000, POINTS = 150;
let key = '', timer = 0;
const flow = [];

const bytes = (n) => {
  const units = ['B', 'kB', 'MB', 'GB'];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++; }
  return (i === 0 ? Math.round(n) : n.toFixed(1)) + ' ' + units[i];
};
const duration = (s) => s < 120 ? Math.round(s) + ' s' : s < 7200 ? Math.round(s / 60) + ' min' : Math.round(s / 3600) + ' h';

async function ask(path) {
  const answer = await fetch(path, { headers: { Authorization: 'Bearer ' + key } });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail || 'The gateway answered ' + answer.status + '.'), { status: answer.status });
}

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function say(text, kind) {
  const state = $('state');
  if (state.textContent !== text) state.textContent = text;
  state.className = 'state ' + kind;
}

function show(status) {
  const { pool, feed, throughput, warnings, collectors } = status;
  say(pool.ready ? 'Ready to serve' : 'Not ready', pool.ready && warnings.length === 0 ? 'good' : pool.ready ? '' : 'bad');
  const percent = Math.floor(100 * pool.bytes / pool.capacity);
  $('percent').textContent = percent;
  $('fill').value = percent;
  const words = [bytes(pool.bytes) + ' of ' + bytes(pool.capacity)];
  if (pool.secondsUntilEmpty !== null) words.push('empty in ' + duration(pool.secondsUntilEmpty) + ' at this rate');
  words.push(feed.secondsSinceLastEntropy === null ? 'no entropy has arrived yet' : 'last entropy ' + duration(feed.secondsSinceLastEntropy) + ' ago');
  $('pool-words').textContent = words.join(' · ');
  showWarnings(warnings);
  showFlow(throughput);
  showSources(collectors);
  $('updated').textContent = 'Updated ' + new Date().toLocaleTimeString();
}

function showWarnings(warnings) {
  $('warnings').hidden = warnings.length === 0;
  const list = $('warning-list');
  if (list.dataset.shown === warnings.join('\n')) return;
  list.dataset.shown = warnings.join('\n');
  list.replaceChildren(...warnings.map((warning) => element('li', warning)));
}

function showFlow({ inBytesPerSecond, outBytesPerSecond }) {
  flow.push([inBytesPerSecond, outBytesPerSecond]);
  if (flow.length > POINTS) flow.shift();
  const most = Math.max(1, ...flow.flat());
  const path = (which) => flow.map((point, i) =>
    (i === 0 ? 'M' : 'L') + (600 - 600 * (flow.length - 1 - i) / (POINTS - 1)).toFixed(1) + ' ' + (157 - 152 * point[which] / most).toFixed(1)).join('');
  $('line-in').setAttribute('d', path(0));
  $('line-out').setAttribute('d', path(1));
  $('in').textContent = bytes(inBytesPerSecond) + '/s';
  $('out').textContent = bytes(outBytesPerSecond) + '/s';
  $('top').textContent = bytes(most) + '/s';
  $('chart').setAttribute('aria-label', 'Chart: ' + bytes(inBytesPerSecond) + ' a second in, ' + bytes(outBytesPerSecond) + ' out');
}

function sourceRow(collector, name, { up, healthFailures }, state, given) {
  const row = document.createElement('tr');
  const failed = Object.entries(healthFailures).filter(([, count]) => count > 0);
  const tests = failed.length === 0 ? 'no failures' : failed.map(([test, count]) => test + ' failed ' + count + '×').join(', ');
  row.append(element('td', collector), element('td', name), element('td', (up ? '✓ ' : '✗ ') + state, up ? 'up' : 'down'),
    element('td', tests, failed.length === 0 ? '' : 'down'), element('td', given, 'number'));
  return row;
}

function showSources(collectors) {
  const rows = collectors.flatMap(({ name, sources, mixing }) => [
    ...sources.map((source) => sourceRow(name, source.name, source,
      source.state + (source.lastError && !source.up ? ' (' + source.lastError + ')' : ''), bytes(source.bytes))),
    ...(mixing === null ? [] : [sourceRow(name, 'mixture', mixing,
      (mixing.up ? 'mixed' : mixing.state === 'up' ? 'not mixed' : 'not mixed (' + mixing.state + ')') + ': ' + mixing.sourcesUp + ' of ' + sources.length + ' sources up, ' + mixing.minimum + ' needed', '')]),
  ]);
  $('sources').replaceChildren(...rows);
  $('no-sources').hidden = rows.length > 0;
}

async function update() {
  clearTimeout(timer);
  try {
    show(await (await ask('/api/status')).json());
    $('entry').hidden = true;
    $('board').hidden = false;
    $('problem').textContent = '';
  } catch (error) {
    if (error.status === 401 || error.status === 403) return refuse(error.message);
    say('No answer: ' + error.message, 'bad');
  }
  timer = setTimeout(update, EVERY_MS);
}

function refuse(text) {
  key = '';
  $('entry').hidden = false;
  $('board').hidden = true;
  $('problem').textContent = text;
  say('Waiting for an API key', '');
  $('key').focus();
}

$('entry').addEventListener('submit', (event) => {
  event.preventDefault();
  key = $('key').value.trim();
  $('key').value = '';
  void update();
});
$('draw').addEventListener('click', async () => {
  try {
    $('drawn').textContent = await (await ask('/api/random?bytes=32')).text();
  } catch (error) {
    $('drawn').textContent = error.message;
  }
});
$('curl').textContent = 'curl -H "Authorization: Bearer $QRNG_API_KEY" "' + location.origin + '/api/random?bytes=32"';

function openFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!given) return;
  history.replaceState(null, '', location.pathname); // no key in the history, or for somebody who looks at the screen
  key = given;
  void update();
}
addEventListener('hashchange', openFromAddress);
openFromAddress();
`;
