//! The page's style sheet.

/// Dark text on white; one column; figures and tables scroll sideways on narrow screens rather
/// than shrink below legibility; on paper, figures are not torn apart.
pub(super) const CSS: &str = "
:root { --ink: #222; --grey: #666; --line: #ddd; --tint: #f6f7f9; --link: #0b5c92; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #fff; color: var(--ink);
  font: 400 1.0625rem/1.55 'Plateau Sans', 'Source Sans 3', 'Helvetica Neue', Arial, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; font-weight: 600; margin: 0 0 .6rem; }
h2 { font-size: 1.45rem; line-height: 1.25; font-weight: 600; margin: 3rem 0 .8rem;
  padding-top: .8rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.13rem; line-height: 1.3; font-weight: 600; margin: 2rem 0 .5rem; }
h2 .number, h3 .number { color: var(--grey); font-weight: 400; margin-right: .55em; }
p, ul { margin: 0 0 .9rem; }
li { margin: 0 0 .35rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code { font: .875em/1.4 ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
pre { background: var(--tint); padding: .7rem .9rem; border-radius: 4px; margin: 0 0 1rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.byline { color: var(--grey); margin: 0 0 1.6rem; }
.notice { background: #fff6e5; border-left: 4px solid #e69f00; padding: .7rem 1rem;
  margin: 0 0 1.2rem; }
.formula { text-align: center; font-style: italic; margin: 0 0 1rem; overflow-x: auto; }
nav { background: var(--tint); border-radius: 4px; padding: .9rem 1.2rem; margin: 2rem 0 0;
  columns: 2; column-gap: 2rem; font-size: .95rem; }
nav ol { list-style: none; margin: 0; padding: 0; }
nav ol ol { padding-left: 1.2em; }
nav > ol > li { break-inside: avoid; }
nav li { margin: .1rem 0; }
figure { margin: 1.8rem 0; }
.scroll { overflow-x: auto; }
.drawing svg { display: block; width: 100%; min-width: 600px; height: auto; }
figcaption { font-size: .9rem; line-height: 1.45; margin: .6rem 0 0; }
figcaption b { font-weight: 600; }
figcaption.above { margin: 0 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; line-height: 1.35; }
th, td { padding: .28rem .55rem; text-align: left; vertical-align: baseline;
  border-bottom: 1px solid #ececec; }
thead th { font-weight: 600; border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
tbody tr:last-child td { border-bottom: 1.5px solid var(--ink); }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th.right { white-space: normal; }
td code { white-space: nowrap; }
.wide td, .wide th { padding: .2rem .4rem; font-size: .8rem; }
td b { font-weight: 600; }
td:first-child { min-width: 5.5em; }
.wide td:nth-child(2) { min-width: 8em; }
.references { padding: 0 0 0 2.4em; counter-reset: work; list-style: none; }
.references li { counter-increment: work; margin-bottom: .5rem; position: relative; }
.references li::before { content: '[' counter(work) ']'; position: absolute; left: -2.4em;
  color: var(--grey); }
.mark { position: sticky; top: 0; z-index: 1; background: #fff6e5; color: #8a4500; margin: 0 0 1rem;
  padding: .3rem 1rem; border-bottom: 2px solid #e69f00; font-weight: 600; text-align: center; }
@media (max-width: 40rem) {
  body { font-size: 1rem; }
  main { padding: 1.4rem 1rem 3rem; }
  h1 { font-size: 1.55rem; }
  h2 { font-size: 1.3rem; margin-top: 2.2rem; }
  nav { columns: 1; }
}
@page { size: A4; margin: 20mm; }
@media print {
  body { font-size: 10pt; line-height: 1.42; }
  main { max-width: none; padding: 0; }
  a { color: inherit; }
  nav { display: none; }
  h1 { font-size: 19pt; } h2 { font-size: 13.5pt; } h3 { font-size: 11pt; }
  h2, h3 { break-after: avoid; }
  p { orphans: 3; widows: 3; }
  figure, .formula, .notice { break-inside: avoid; }
  figure.long { break-inside: auto; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  .drawing svg { min-width: 0; }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; } .wide td, .wide th { font-size: 7.2pt; padding: .1rem .22rem; }
  figcaption { font-size: 9pt; }
  .new-page { break-before: page; }
  .mark { position: fixed; top: 0; left: 0; right: 0; }
}
";
