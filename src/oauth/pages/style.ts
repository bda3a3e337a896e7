/** The look of all pages: one style sheet, inlined, allowed by its hash. @module */

import { hash } from 'node:crypto'

export const style = `
:root{color-scheme:light dark;--bg:#f4f4f1;--card:#fff;--ink:#1d2129;--soft:#5b6470;--line:#d9dcd8;--accent:#1f5f5b;--on-accent:#fff;--warn:#9a3412;--warn-bg:#fff4ed;--tag:#eef0ec}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1d2125;--ink:#e8eaec;--soft:#a0a9b3;--line:#343a41;--accent:#6fbab3;--on-accent:#0d1b1a;--warn:#fdba8c;--warn-bg:#33241b;--tag:#2a3036}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px 16px;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{width:100%;max-width:30rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:28px 28px 24px;box-shadow:0 1px 2px rgb(0 0 0/.05),0 8px 24px rgb(0 0 0/.06)}
header{display:flex;align-items:center;gap:8px;margin-bottom:18px;color:var(--soft);font-size:.875rem}
header b{color:var(--ink);letter-spacing:.01em}
h1{font-size:1.375rem;line-height:1.3;margin:0 0 12px;font-weight:650;overflow-wrap:anywhere}
p{margin:0 0 14px}
.soft{color:var(--soft);font-size:.9rem}
.tag{display:inline-block;padding:1px 9px;border-radius:99px;background:var(--tag);color:var(--soft);font-size:.8rem;font-weight:500;vertical-align:2px;white-space:nowrap}
.whole{white-space:nowrap}
a{color:var(--accent)}
.where{border:1px solid var(--line);border-radius:10px;padding:12px 14px;margin:0 0 16px}
.where b{overflow-wrap:anywhere}
.warn{border-color:var(--warn);background:var(--warn-bg)}
.problem{border:1px solid var(--warn);background:var(--warn-bg);color:var(--warn);border-radius:10px;padding:10px 14px;margin:0 0 16px}
fieldset{border:1px solid var(--line);border-radius:10px;margin:0 0 12px;padding:12px 14px}
legend{padding:0;float:left;width:100%;font-weight:600}
fieldset ul{clear:both;margin:0;padding:6px 0 0 28px}
fieldset li{margin:2px 0}
label{display:block;font-weight:600;margin:0 0 6px}
legend label{margin:0;display:flex;gap:10px;align-items:center;cursor:pointer}
input[type=text],input[type=password]{width:100%;font:inherit;padding:10px 12px;margin:0 0 16px;color:inherit;background:transparent;border:1px solid var(--line);border-radius:9px}
input[type=checkbox]{width:18px;height:18px;margin:0;accent-color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.buttons{display:grid;grid-template-columns:1fr 1fr;gap:12px;margin-top:18px}
.buttons.one{grid-template-columns:1fr}
button{font:inherit;font-weight:600;padding:11px 16px;border-radius:9px;border:1px solid var(--accent);background:transparent;color:var(--accent);cursor:pointer}
button.go{background:var(--accent);color:var(--on-accent)}
footer{border-top:1px solid var(--line);margin-top:20px;padding-top:12px;color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
details{margin:0 0 12px}
summary{cursor:pointer;font-weight:600}
.name{background:var(--tag);border-radius:5px;padding:0 5px;overflow-wrap:anywhere}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--tag);border-radius:5px;padding:1px 5px;overflow-wrap:anywhere}
@media (max-width:420px){main{padding:22px 18px}.buttons{grid-template-columns:1fr}}
`

export const styleHash: string = `sha256-${hash('sha256', style, 'base64')}`
