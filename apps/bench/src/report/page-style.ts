/** Everything the page looks like: nothing is fetched, light and dark follow the reader's system. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --panel: #ffffff; --ink: #1d2129; --soft: #59606d; --line: #dfe2e7;
  --larder: #1f6feb; --lru: #c2570c; --map: #7a5cc7; --none: #8a919e;
  --shared: #0b7d83; --both: #a8328f; --client: #8a6d00; --good: #1a7f37; --bad: #cf222e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --panel: #1b1f26; --ink: #e6e9ee; --soft: #a3abb8; --line: #333a45;
    --larder: #6cb0ff; --lru: #f59a4a; --map: #b79dff; --none: #8d96a5;
    --shared: #46c5c9; --both: #ef86d6; --client: #d9b648; --good: #4cc267; --bad: #ff7b72;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .3rem; }
p { margin: .4rem 0; }
.soft, figcaption, caption { color: var(--soft); font-size: .875rem; }
.banner { border-left: 4px solid var(--bad); padding: .4rem .8rem; background: var(--panel); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; font-size: .9rem; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; margin: .8rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .83rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .6rem .5rem .2rem; }
th, td { padding: .25rem .4rem; white-space: nowrap; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; }
.left { text-align: left; } .right { text-align: right; }
tr.group th { text-align: left; padding-top: .8rem; }
tr.first td { border-top-width: 2px; }
td.within { color: var(--good); font-weight: 600; } td.above { color: var(--bad); font-weight: 600; }
figure { margin: 1rem 0; padding: .9rem .9rem .7rem; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
figure svg { --plot-background: var(--panel); max-width: 100%; height: auto; }
figcaption { margin-top: .3rem; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 0 0 .4rem; padding: 0; font-size: .85rem; }
ul.legend span { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin-right: .4rem; vertical-align: -.05rem; }
.narrow { display: none; }
@media (max-width: 700px) {
  body { padding: 1rem .6rem 3rem; }
  figure { padding: .7rem .5rem; }
  .wide { display: none; } .narrow { display: block; }
}
a { color: var(--larder); }
ul { padding-left: 1.2rem; }
`;
