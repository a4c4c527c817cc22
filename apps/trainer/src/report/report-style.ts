export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --faint: #6b7280; --line: #d1d5db; --accent: #2456c9; --look-color: 36, 86, 201; }
@media (prefers-color-scheme: dark) { :root { --ink: #e5e7eb; --paper: #14161a; --faint: #9ca3af; --line: #374151; --accent: #7ea6ff; --look-color: 126, 166, 255; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px; }
h1 { font-size: 24px; } h2 { font-size: 18px; margin-top: 36px; border-bottom: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; } dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 18px; }
figure { margin: 0; } figcaption { color: var(--faint); font-size: 13px; } figcaption b { color: var(--ink); }
svg { width: 100%; height: auto; } svg text { font-size: 10px; fill: var(--faint); }
polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; } circle { fill: var(--accent); } .bar { stroke: var(--accent); opacity: .5; } .axis { stroke: var(--line); }
summary { cursor: pointer; margin: 14px 0; color: var(--faint); }
article { display: flex; gap: 16px; margin: 14px 0; } .images { flex: none; display: flex; gap: 6px; align-items: flex-start; }
.images img { height: 84px; image-rendering: pixelated; border: 1px solid var(--line); }
article p { margin: 0 0 4px; } .response { font-family: ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.token { background: rgba(var(--look-color), calc(.55 * var(--look, 0))); border-radius: 3px; } .token.kept { text-decoration: underline; text-decoration-color: var(--accent); text-underline-offset: 3px; }
.answer, .verdict, .legend, small { color: var(--faint); font-size: 13px; } .error { color: #b91c1c; border-left: 3px solid; padding-left: 10px; }
pre { overflow: auto; font-size: 12px; border: 1px solid var(--line); padding: 12px; }
`;
