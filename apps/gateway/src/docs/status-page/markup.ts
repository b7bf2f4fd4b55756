/** The elements of the status page; script.ts fills them in. */
import { LOGO } from '../mark.js';

export const BODY = `
<header>
  <h1>${LOGO} QRNG-DD</h1>
  <p id="state" class="state" role="status">Waiting for an API key</p>
  <nav aria-label="Documentation"><a href="/docs">API</a> <a href="/docs/api.md">Guide</a> <a href="/receipts">Receipts</a></nav>
</header>
<main>
  <form id="entry" class="card narrow">
    <h2>Open the status page</h2>
    <label for="key">API key with the scope <code>status</code></label>
    <input id="key" type="password" autocomplete="off" spellcheck="false" required>
    <button type="submit">Show the status</button>
    <p id="problem" role="alert"></p>
    <p class="quiet">The key stays in this page and is gone when you close it.</p>
    <noscript><p class="quiet">This page needs JavaScript; <code>qrng status</code> and <code>GET /api/status</code> do without.</p></noscript>
  </form>
  <div id="board" tabindex="-1" hidden>
    <section id="warnings" class="card warnings" aria-labelledby="warnings-title" hidden>
      <h2 id="warnings-title">Warnings</h2>
      <ul id="warning-list"></ul>
    </section>
    <section class="card" aria-labelledby="pool-title">
      <h2 id="pool-title">Pool</h2>
      <p class="figure"><span id="percent">0</span><small> % full</small></p>
      <progress id="fill" max="100" value="0" aria-label="How full the pool is"></progress>
      <ul id="pool-words" class="quiet plain"></ul>
    </section>
    <section class="card flow" aria-labelledby="flow-title">
      <h2 id="flow-title">Flow</h2>
      <p class="legend">
        <span class="in"><svg viewBox="0 0 24 8" aria-hidden="true"><path d="M0 4H24"/></svg> in <b id="in"></b></span>
        <span class="out"><svg viewBox="0 0 24 8" aria-hidden="true"><path d="M0 4H24"/></svg> out <b id="out"></b></span>
      </p>
      <div class="plot">
        <svg id="chart" viewBox="0 0 600 160" preserveAspectRatio="none" role="img">
          <path class="grid" d="M0 1H600M0 40H600M0 80H600M0 120H600M0 159H600"/>
          <path id="area-in" class="area" d=""/>
          <path id="line-in" class="in" d=""/>
          <path id="line-out" class="out" d=""/>
        </svg>
        <span id="top" class="quiet"></span>
      </div>
      <p class="axis quiet"><span id="from"></span><span>now</span></p>
    </section>
    <section class="card wide" aria-labelledby="sources-title">
      <h2 id="sources-title">Sources and their health tests <small id="sources-up" class="quiet"></small></h2>
      <table role="table" aria-labelledby="sources-title">
        <thead role="rowgroup"><tr role="row"><th role="columnheader">Source</th><th role="columnheader">State</th>
          <th role="columnheader">Health tests</th><th role="columnheader" class="number">Fetched</th></tr></thead>
        <tbody id="sources" role="rowgroup"></tbody>
      </table>
      <p id="no-sources" class="quiet">No collector has reported yet.</p>
    </section>
    <section class="card" aria-labelledby="draw-title">
      <h2 id="draw-title">Draw</h2>
      <p><button id="draw" type="button">Draw 32 bytes</button> <span class="quiet">Each byte is served once.</span></p>
      <p><output id="drawn" class="mono" for="draw"></output></p>
    </section>
    <section class="card" aria-labelledby="curl-title">
      <h2 id="curl-title">From a shell</h2>
      <pre><code id="curl"></code></pre>
      <p class="quiet">Where the gateway has a private CA, as in the demo: <code>--cacert "$QRNG_CA_FILE"</code></p>
    </section>
  </div>
</main>
<footer class="quiet"><p id="updated"></p></footer>`;
