/** The elements of the receipt page; script.ts fills them in. */
import { LOGO } from '../mark.js';

export const BODY = `
<header>
  <h1>${LOGO} QRNG-DD receipts</h1>
  <p id="state" class="state" role="status">Waiting for a receipt</p>
  <nav aria-label="Documentation"><a href="/">Status</a> <a href="/docs">API</a></nav>
</header>
<main>
  <form id="entry" class="card">
    <h2>Verify a receipt</h2>
    <label for="receipt">Receipt: paste it here, or drop its file on this page</label>
    <textarea id="receipt" rows="8" spellcheck="false" autocomplete="off" required></textarea>
    <label for="file">or choose the file</label>
    <input id="file" type="file" accept=".tlog-proof,text/plain">
    <label for="log-key">Public key of the receipt log, from somewhere you trust</label>
    <input id="log-key" autocomplete="off" spellcheck="false" placeholder="NAME+ID+KEY" required>
    <label for="collector-key">Public key of the collector (optional); of several, one a line</label>
    <textarea id="collector-key" rows="2" autocomplete="off" spellcheck="false" placeholder="NAME+ID+KEY"></textarea>
    <label for="answer">The answer (optional), as the gateway sent it or as <code>qrng</code> printed it</label>
    <textarea id="answer" rows="2" autocomplete="off" spellcheck="false"></textarea>
    <button type="submit">Verify</button>
    <p class="quiet">Everything happens in this page; nothing is sent. To draw a public draw again: <code>qrng verify FILE --draw</code>.</p>
  </form>
  <section id="outcome" class="card" tabindex="-1" aria-labelledby="outcome-title" hidden>
    <h2 id="outcome-title">What was found</h2>
    <ul id="steps"></ul>
    <pre id="about" hidden></pre>
  </section>
</main>`;
