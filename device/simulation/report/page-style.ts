/** The look of a page: light and dark as the reader has it, narrow and wide. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fff;
  --panel: #f6f7f9;
  --ink: #1b1f24;
  --soft: #57606a;
  --rule: #d5dae0;
  --good: #1a7f42;
  --bad: #b3202e;
  --c0: #1f6fc2;
  --c1: #c2570a;
  --c2: #1b7f4d;
  --c3: #7b4fb5;
  --c4: #c0303f;
  --c5: #0b7c88;
  --c6: #86561f;
  --c7: #5f6368;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b;
    --panel: #1d2127;
    --ink: #e8eaed;
    --soft: #a3acb7;
    --rule: #39404a;
    --good: #5fd38b;
    --bad: #ff8a94;
    --c0: #6fb1ff;
    --c1: #ffa05c;
    --c2: #5fd39a;
    --c3: #bb9af7;
    --c4: #ff7f8b;
    --c5: #4fd1dc;
    --c6: #d9b07c;
    --c7: #a9b0b8;
  }
}
* {
  box-sizing: border-box;
}
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 1rem;
  background: var(--ground);
  color: var(--ink);
  font: 1rem / 1.5 system-ui, sans-serif;
}
h1 {
  font-size: 1.6rem;
  line-height: 1.2;
  margin: 0.5rem 0;
}
h2 {
  font-size: 1.2rem;
  margin: 2rem 0 0.5rem;
}
p {
  max-width: 46rem;
}
code,
pre {
  font: 0.9rem / 1.45 ui-monospace, monospace;
}
pre {
  background: var(--panel);
  border: 1px solid var(--rule);
  border-radius: 6px;
  padding: 0.6rem 0.8rem;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
a {
  color: var(--c0);
}
nav ul {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1rem;
  list-style: none;
  margin: 0;
  padding: 0;
}
.charts {
  display: grid;
  gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr));
}
figure {
  background: var(--panel);
  border: 1px solid var(--rule);
  border-radius: 8px;
  margin: 0;
  min-width: 0;
  padding: 0.75rem;
}
figcaption strong,
figcaption span {
  display: block;
}
figcaption span,
.soft,
.none {
  color: var(--soft);
  font-size: 0.9rem;
}
figure > svg {
  display: block;
  height: auto;
  margin-top: 0.5rem;
  width: 100%;
}
svg text {
  fill: var(--soft);
  font: 11px system-ui, sans-serif;
}
svg .label {
  fill: var(--ink);
}
.axis line {
  stroke: var(--rule);
}
.axis .base {
  stroke: var(--soft);
}
.line {
  fill: none;
  stroke: currentColor;
  stroke-linejoin: round;
  stroke-width: 1.8;
}
.dashed {
  stroke-dasharray: 4 3;
}
.faint .line {
  stroke-opacity: 0.55;
  stroke-width: 1;
}
.dot {
  fill: currentColor;
  stroke: var(--panel);
  stroke-width: 0.8;
}
.strip {
  display: block;
  min-width: 9rem;
}
.strip line {
  stroke: var(--rule);
}
.strip .dot {
  fill-opacity: 0.75;
}
.c0 {
  color: var(--c0);
}
.c1 {
  color: var(--c1);
}
.c2 {
  color: var(--c2);
}
.c3 {
  color: var(--c3);
}
.c4 {
  color: var(--c4);
}
.c5 {
  color: var(--c5);
}
.c6 {
  color: var(--c6);
}
.c7 {
  color: var(--c7);
}
.legend {
  display: flex;
  flex-wrap: wrap;
  font-size: 0.85rem;
  gap: 0.15rem 0.9rem;
  list-style: none;
  margin: 0.25rem 0;
  padding: 0;
}
.legend svg {
  vertical-align: middle;
}
details {
  margin-top: 0.4rem;
}
summary {
  color: var(--soft);
  cursor: pointer;
  font-size: 0.85rem;
}
.scroll {
  max-width: 100%;
  overflow-x: auto;
}
.scroll:focus-visible,
summary:focus-visible,
a:focus-visible {
  outline: 2px solid var(--c0);
  outline-offset: 2px;
}
table {
  border-collapse: collapse;
  font-size: 0.88rem;
  font-variant-numeric: tabular-nums;
}
caption {
  color: var(--soft);
  padding: 0.3rem 0;
  text-align: left;
}
caption span {
  display: block;
  left: 0;
  max-width: min(46rem, calc(100vw - 4rem));
  position: sticky;
}
th,
td {
  border-bottom: 1px solid var(--rule);
  padding: 0.25rem 0.75rem 0.25rem 0;
  text-align: right;
  vertical-align: middle;
  white-space: nowrap;
}
th:first-child,
td:first-child,
td.text {
  text-align: left;
}
th {
  font-weight: 600;
}
tbody th {
  font-weight: 400;
}
.good {
  color: var(--good);
}
.bad {
  color: var(--bad);
}
@media print {
  details {
    display: none;
  }
}
`;
