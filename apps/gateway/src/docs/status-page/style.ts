/** What the status page looks like: calm, light or dark as the visitor prefers, from a phone to a screen on the wall. */

export const STYLE = `
:root { color-scheme: light dark; --back: #f5f6f8; --card: #fff; --text: #1b2333; --quiet: #596275; --rule: #dfe3ea;
  --in: #0b6bcb; --out: #a2560b; --good: #11703c; --bad: #b3261e; --button: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --back: #10141c; --card: #1a2030; --text: #e8ecf4; --quiet: #a3adc0; --rule: #2d3547; --in: #6db3ff; --out: #f0a860;
    --good: #6fd39a; --bad: #ff9d94; --button: #2a6fc0; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 1200px; margin: 0 auto; padding: 0 20px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; padding-top: 20px; }
h1 { margin: 0; font-size: 1.4rem; letter-spacing: .02em; }
h2 { margin: 0 0 8px; font-size: 1rem; font-weight: 600; }
p { margin: 0 0 8px; }
nav { margin-left: auto; display: flex; gap: 16px; }
a { color: var(--in); }
.state { margin: 0; color: var(--quiet); font-weight: 600; }
.state.good { color: var(--good); }
.state.bad, #problem { color: var(--bad); }
.quiet { color: var(--quiet); font-size: .9rem; }
#board { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin-top: 16px; }
#board[hidden] { display: none; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 18px 20px; min-width: 0; }
.wide, .warnings { grid-column: 1 / -1; }
.narrow { max-width: 480px; margin: 48px auto; }
.warnings { border-color: var(--bad); }
.warnings ul { margin: 0; padding-left: 20px; }
.figure { font-size: 3.2rem; line-height: 1.1; font-weight: 600; font-variant-numeric: tabular-nums; }
.figure small { font-size: 1.1rem; font-weight: 400; color: var(--quiet); }
progress { width: 100%; height: 10px; margin-bottom: 10px; appearance: none; border: 0; border-radius: 5px; overflow: hidden;
  background: var(--rule); }
progress::-webkit-progress-bar { background: var(--rule); }
progress::-webkit-progress-value { background: var(--in); }
progress::-moz-progress-bar { background: var(--in); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 24px; }
.legend svg { width: 24px; height: 8px; }
#chart { display: block; width: 100%; height: 160px; }
path { fill: none; stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke; }
path.in, .in path { stroke: var(--in); stroke-width: 2.5; }
path.out, .out path { stroke: var(--out); stroke-width: 2.5; stroke-dasharray: 6 3; }
.scroll, pre { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 8px 16px 8px 0; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { font-size: .85rem; font-weight: 600; color: var(--quiet); }
.number { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
.up { color: var(--good); } .down { color: var(--bad); }
pre { margin: 0; }
code, .mono { font: .9rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre code { overflow-wrap: normal; }
label, input { display: block; width: 100%; }
input { margin: 6px 0 14px; padding: 10px; font: inherit; color: inherit; background: var(--back); border: 1px solid var(--quiet);
  border-radius: 8px; }
button { padding: 10px 18px; font: inherit; font-weight: 600; color: #fff; background: var(--button); border: 0; border-radius: 8px;
  cursor: pointer; }
:focus-visible { outline: 3px solid var(--in); outline-offset: 2px; }
footer { padding: 16px 20px 32px; }
@media (max-width: 640px) { #board { grid-template-columns: minmax(0, 1fr); } nav { margin-left: 0; } }
@media (min-width: 1700px) { :root, body { font-size: 22px; } header, main, footer { max-width: 1800px; } #chart { height: 300px; } }
`;
