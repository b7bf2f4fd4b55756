/** What the status page looks like: calm, light or dark as the visitor prefers, from a phone to a screen on the wall. */

export const STYLE = `
:root { --back: #f5f6f8; --card: #fff; --text: #1b2333; --quiet: #596275; --rule: #dfe3ea;
  --in: #0b6bcb; --out: #a2560b; --good: #11703c; --fair: #8a5200; --bad: #b3261e; --button: #0b5cad; }
@media screen and (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --back: #10141c; --card: #1a2030; --text: #e8ecf4; --quiet: #a3adc0; --rule: #2d3547; --in: #6db3ff; --out: #f0a860;
    --good: #6fd39a; --fair: #f0c060; --bad: #ff9d94; --button: #2a6fc0; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 75rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; padding-top: 1.25rem; }
h1 { display: flex; align-items: center; gap: .5rem; margin: 0; font-size: 1.4rem; letter-spacing: .02em; }
.logo { width: 1.75rem; height: 1.75rem; }
h2 { margin: 0 0 .5rem; font-size: 1rem; font-weight: 600; }
h2 small { margin-left: .5rem; font-weight: 400; }
p { margin: 0 0 .5rem; }
.card > :last-child { margin-bottom: 0; }
nav { margin-left: auto; display: flex; gap: 1rem; }
a { color: var(--in); }
.state { margin: 0; color: var(--quiet); font-weight: 600; }
.state::before { content: ''; display: inline-block; margin-right: .45em; vertical-align: .08em; border: .32em solid; border-radius: 50%; }
.state.good { color: var(--good); }
.state.fair { color: var(--fair); }
.state.bad, #problem { color: var(--bad); }
.quiet { color: var(--quiet); font-size: .9rem; }
.plain { margin: 0; padding: 0; list-style: none; }
#board { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 1rem; margin-top: 1rem; }
#board[hidden] { display: none; }
#board:focus { outline: none; }
#board.stale > :not(.warnings) { filter: grayscale(1); }
.card { grid-column: span 3; background: var(--card); border: 1px solid var(--rule); border-radius: .75rem; padding: 1.1rem 1.25rem;
  min-width: 0; overflow-wrap: anywhere; }
.card:has(#fill) { grid-column: span 2; }
.flow { grid-column: span 4; }
.wide, .warnings { grid-column: 1 / -1; }
.narrow { max-width: 30rem; margin: 3rem auto; }
.warnings { border-color: var(--bad); border-left-width: .4rem; }
.warnings ul { margin: 0; padding-left: 1.25rem; }
.figure { font-size: 3.2rem; line-height: 1.1; font-weight: 600; font-variant-numeric: tabular-nums; }
.figure small { font-size: 1.1rem; font-weight: 400; color: var(--quiet); }
progress { width: 100%; height: .65rem; margin-bottom: .65rem; appearance: none; border: 0; border-radius: .33rem; overflow: hidden;
  background: var(--rule); print-color-adjust: exact; }
progress::-webkit-progress-bar { background: var(--rule); }
progress::-webkit-progress-value { background: var(--in); print-color-adjust: exact; }
progress::-moz-progress-bar { background: var(--in); }
.low::-webkit-progress-value { background: var(--bad); }
.low::-moz-progress-bar { background: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1.5rem; font-variant-numeric: tabular-nums; }
.legend svg { width: 1.5rem; height: .5rem; }
.plot { position: relative; }
#chart { display: block; width: 100%; height: 9rem; }
#top { position: absolute; top: .2rem; left: 0; padding-right: .4rem; background: var(--card); line-height: 1.3; }
.axis { display: flex; justify-content: space-between; margin-top: .25rem; }
#chart path, .legend path { fill: none; stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke; }
#chart .in, .in path { stroke: var(--in); stroke-width: 2.5; stroke-linejoin: round; }
#chart .out, .out path { stroke: var(--out); stroke-width: 2.5; stroke-dasharray: 6 3; }
#chart .area { fill: var(--in); fill-opacity: .12; stroke: none; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem 1rem .5rem 0; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; padding-bottom: 0; }
th { font-size: .85rem; font-weight: 600; color: var(--quiet); }
td small { display: block; color: var(--quiet); font-size: .85rem; }
td small:empty { display: none; }
.number { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
.up { color: var(--good); } .down { color: var(--bad); }
pre { margin: 0 0 .5rem; white-space: pre-wrap; }
code, .mono { font: .9rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
#drawn { display: block; min-height: 3em; font-size: .8rem; }
#draw { margin-right: .75rem; }
label, input { display: block; width: 100%; }
input { margin: .4rem 0 .9rem; padding: .65rem; font: inherit; color: inherit; background: var(--back); border: 1px solid var(--quiet);
  border-radius: .5rem; }
button { padding: .65rem 1.1rem; font: inherit; font-weight: 600; color: #fff; background: var(--button); border: 1px solid transparent;
  border-radius: .5rem; cursor: pointer; }
button:hover { filter: brightness(1.1); }
:focus-visible { outline: 3px solid var(--in); outline-offset: 2px; }
footer { padding: 1rem 1.25rem 2rem; }
@media (max-width: 900px) { #board > .card { grid-column: 1 / -1; } }
@media (max-width: 640px) {
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  nav { margin-left: 0; flex-basis: 100%; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, tbody { display: block; }
  tbody tr { display: grid; grid-template-columns: 1fr auto; gap: .1rem .75rem; padding: .6rem 0; border-bottom: 1px solid var(--rule); }
  tbody tr:last-child { border-bottom: 0; padding-bottom: 0; }
  td { padding: 0; border: 0; }
  td:nth-child(1) { grid-row: 1; }
  td:nth-child(4) { grid-row: 1; grid-column: 2; }
  td:nth-child(2), td:nth-child(3) { grid-column: 1 / -1; }
}
@media (min-width: 1700px) { :root { font-size: 22px; } }
@media (min-width: 3000px) { :root { font-size: 44px; } }
@media (forced-colors: active) {
  :root { --in: Highlight; --out: CanvasText; --rule: CanvasText; }
  progress { border: 1px solid; background: Canvas; forced-color-adjust: none; color: CanvasText; }
  progress::-webkit-progress-bar { background: Canvas; }
  svg { forced-color-adjust: none; }
  #chart .grid { stroke-opacity: .3; }
}
@media print { nav, .card:has(#draw), .card:has(#curl) { display: none; } .card { break-inside: avoid; } }
`;
