/** The elements of the status page; script.ts fills them in. */

export const BODY = `
<header>
  <h1>QRNG-DD</h1>
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
  </form>
  <div id="board" hidden>
    <section id="warnings" class="card warnings" aria-labelledby="warnings-title" hidden>
      <h2 id="warnings-title">Warnings</h2>
      <ul id="warning-list"></ul>
    </section>
    <section class="card" aria-labelledby="pool-title">
      <h2 id="pool-title">Pool</h2>
      <p class="figure"><span id="percent">0</span><small> % full</small></p>
      <progress id="fill" max="100" value="0" aria-label="How full the pool is"></progress>
      <p id="pool-words" class="quiet"></p>
    </section>
    <section class="card" aria-labelledby="draw-title">
      <h2 id="draw-title">Draw</h2>
      <p><button id="draw" type="button">Draw 32 bytes</button></p>
      <p><output id="drawn" class="mono" for="draw">Each byte is served once.</output></p>
    </section>
    <section class="card wide" aria-labelledby="flow-title">
      <h2 id="flow-title">Flow</h2>
      <p class="legend">
        <span class="in"><svg viewBox="0 0 24 8" aria-hidden="true"><path d="M0 4H24"/></svg> in <b id="in">0 B/s</b></span>
        <span class="out"><svg viewBox="0 0 24 8" aria-hidden="true"><path d="M0 4H24"/></svg> out <b id="out">0 B/s</b></span>
        <span class="quiet">averages of a minute, last five minutes; top of the chart <b id="top"></b></span>
      </p>
      <svg id="chart" viewBox="0 0 600 160" preserveAspectRatio="none" role="img" aria-label="Bytes in and out a second">
        <path class="grid" d="M0 1H600M0 40H600M0 80H600M0 120H600M0 159H600"/>
        <path id="line-in" class="in" d=""/>
        <path id="line-out" class="out" d=""/>
      </svg>
    </section>
    <section class="card wide" aria-labelledby="sources-title">
      <h2 id="sources-title">Sources and their health tests</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="sources-title">
        <table>
          <thead><tr><th scope="col">Collector</th><th scope="col">Source</th><th scope="col">State</th>
            <th scope="col">Health tests</th><th scope="col" class="number">Fetched</th></tr></thead>
          <tbody id="sources"></tbody>
        </table>
      </div>
      <p id="no-sources" class="quiet">No collector has reported yet.</p>
    </section>
    <section class="card wide" aria-labelledby="curl-title">
      <h2 id="curl-title">From a shell</h2>
      <pre tabindex="0" role="group" aria-labelledby="curl-title"><code id="curl"></code></pre>
    </section>
  </div>
</main>
<footer class="quiet"><p id="updated"></p></footer>`;
