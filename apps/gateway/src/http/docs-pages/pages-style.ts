/** Of both pages; what Swagger UI shows has its own. */
export const PAGES_STYLE = `:root { color-scheme: light; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; }
nav { display: flex; flex-wrap: wrap; gap: 1rem; padding: .75rem 1.25rem; background: #1b1f24; color: #fff; }
nav a { color: #cfe3ff; }
nav a[aria-current] { color: #fff; font-weight: 600; text-decoration: none; }
main { max-width: 1460px; margin: 0 auto; padding: 0 1.25rem 3rem; }
code { font: .9em ui-monospace, monospace; background: #f0f2f5; padding: .1em .3em; border-radius: 3px; }
details { border: 1px solid #d5d9de; border-radius: 4px; margin: .4rem 0; padding: .4rem .75rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid #e4e7eb; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
`;
