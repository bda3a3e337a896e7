/**
 * The look of all pages: one style sheet, inlined, allowed by its hash. Colours are named once, light and dark; everything is told
 * apart by words and shape too. Sizes are relative to the reader's own font size; nothing moves.
 *
 * Words for pages: `.soft` beside the point · `.tag` (`.ok`, `.warn`) a badge · `.where` a fact in a box (`.warn`: a doubtful one) ·
 * `.problem` what went wrong · `.done` what went well · `.buttons` (`.one`) the answers, equally large · `button.go` the one that goes on,
 * `.danger` the one that takes away, `.small`, `.plain` looks like a link · `.or` between two ways · `ul.rows > li` a list of things,
 * each with `.what` and its buttons · `nav` the parts of a long page · `dl.facts` names and values · `.codes` codes to write down ·
 * `.qr` a picture to scan · `.once` a secret that is shown once · `.fold` a table that becomes a list where it is narrow ·
 * `.choices` one of several · `.names` a run of short names.
 *
 * @module
 */

import { hash } from 'node:crypto'

export const style = `
:root{color-scheme:light dark;--bg:#f3f4f1;--card:#fff;--ink:#1b2026;--soft:#57606b;--line:#dcdfda;--edge:#858e97;--accent:#1c5f5a;--on-accent:#fff;--tint:#eef5f3;--warn:#9a3412;--warn-bg:#fff4ed;--bad:#b3261e;--on-bad:#fff;--ok:#1c6637;--ok-bg:#edf7ef;--tag:#eef0ec}
@media (prefers-color-scheme:dark){:root{--bg:#121517;--card:#1b1f23;--ink:#e7eaec;--soft:#a5aeb7;--line:#343b42;--edge:#77818b;--accent:#78c4bc;--on-accent:#0b1a18;--tint:#1d2a2a;--warn:#fdba8c;--warn-bg:#33241b;--bad:#ff9d94;--on-bad:#2a0b08;--ok:#8fd3a4;--ok-bg:#17291d;--tag:#2a3036}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:32px 16px;background:var(--bg);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%}
.card{width:100%;min-width:0;max-width:30rem;background:var(--card);border:1px solid var(--line);border-radius:16px;padding:26px 30px 28px;box-shadow:0 1px 2px rgb(0 0 0/.05),0 10px 30px rgb(0 0 0/.06)}
.wide{max-width:46rem}
body:has(.wide){place-items:start center}
.card>header{display:flex;align-items:center;gap:9px;margin:0 0 20px;color:var(--soft);font-size:.9rem}
.card>header b{color:var(--ink);letter-spacing:.01em}
.mark{width:22px;height:22px;fill:var(--accent);flex:none}
h1{font-size:1.45rem;line-height:1.3;margin:0 0 12px;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.1rem;line-height:1.35;margin:0 0 8px;font-weight:650}
h3{font-size:1rem;margin:16px 0 6px;font-weight:650}
section{border-top:1px solid var(--line);margin-top:26px;padding-top:22px}
h1+section{border-top:0;margin-top:0;padding-top:0}
p{margin:0 0 14px}
ul,ol{margin:0 0 14px;padding-left:22px}
li{margin:3px 0}
b{overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:.9rem}
.tag{display:inline-block;padding:1px 9px;border-radius:99px;background:var(--tag);color:var(--soft);font-size:.8rem;font-weight:500;vertical-align:2px;white-space:nowrap}
.tag.ok{background:var(--ok-bg);color:var(--ok)}
.tag.warn{background:var(--warn-bg);color:var(--warn)}
.whole{white-space:nowrap}
a{color:var(--accent);text-underline-offset:2px}
.who{margin:0 0 10px;color:var(--soft);font-size:.9rem}
.who b{color:var(--ink)}
.where,.problem,.done{border:1px solid var(--line);border-radius:10px;padding:11px 14px;margin:0 0 16px}
.where.warn{border-color:var(--warn);background:var(--warn-bg)}
.where.big{font-size:1.06rem}
.problem{border-color:var(--warn);background:var(--warn-bg);color:var(--warn)}
.done{border-color:var(--ok);background:var(--ok-bg);color:var(--ok)}
form{margin:0}
.wide main>form:not(:has(.act)){max-width:27rem}
form+details{margin-top:16px}
fieldset{border:1px solid var(--line);border-radius:10px;margin:0 0 12px;padding:12px 14px;min-width:0}
legend{padding:0;float:left;width:100%;font-weight:600}
legend+*{clear:both}
fieldset.run{border-color:var(--warn)}
fieldset ul{clear:both;margin:0;padding:6px 0 0 28px}
fieldset>:last-child,li>:last-child{margin-bottom:0}
ul.choices{list-style:none;padding:4px 0 0}
ul.names{display:flex;flex-wrap:wrap;gap:2px 8px;list-style:none;padding:4px 0 2px}
label{display:block;font-weight:600;margin:0 0 6px}
legend label,label.tick{margin:0;display:flex;gap:10px;align-items:center;cursor:pointer}
label.tick{font-weight:400;padding:4px 0}
input:not([type=checkbox],[type=radio],[type=hidden]),select,textarea{width:100%;font:inherit;padding:10px 12px;margin:0 0 16px;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:9px}
input.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.12em}
input[type=checkbox],input[type=radio]{width:18px;height:18px;margin:0;flex:none;accent-color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.buttons{display:grid;grid-template-columns:1fr 1fr;gap:12px;margin-top:18px}
.buttons.one{grid-template-columns:1fr;margin-top:6px}
button,a.button{display:inline-block;font:inherit;font-weight:600;text-align:center;text-decoration:none;padding:11px 16px;border-radius:9px;border:1px solid var(--accent);background:transparent;color:var(--accent);cursor:pointer}
button:hover,a.button:hover{background:var(--tint)}
button.go,a.button.go{background:var(--accent);color:var(--on-accent)}
button.go:hover,a.button.go:hover{filter:brightness(1.08)}
button.danger{border-color:var(--bad);color:var(--bad)}
button.danger.go{background:var(--bad);color:var(--on-bad)}
button.small,a.button.small{padding:5px 12px;font-size:.9rem}
button.plain{padding:2px 0;border:0;font-weight:500;text-decoration:underline;text-underline-offset:2px;background:none}
.or{display:flex;align-items:center;gap:12px;color:var(--soft);font-size:.9rem;margin:18px 0}
.or::before,.or::after{content:"";flex:1;border-top:1px solid var(--line)}
.stack{display:grid;gap:10px;margin-top:10px}
.stack .buttons{margin:0}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;align-items:baseline;margin:0 0 20px;padding-bottom:12px;border-bottom:1px solid var(--line);font-size:.95rem}
nav form{margin-left:auto}
nav [aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
ul.rows{list-style:none;margin:0 0 14px;padding:0}
ul.rows>li{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between;margin:0;padding:12px 0;border-top:1px solid var(--line)}
ul.rows>li:first-child{border-top:0}
.what{flex:1 1 16rem;min-width:0;overflow-wrap:anywhere}
.what p,.what .soft{margin:2px 0 0}
.act{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.act input:not([type=hidden]){width:auto;flex:1 1 9rem;margin:0;padding:5px 10px}
.what .act{margin-top:6px}
.act select{width:auto;max-width:12rem;margin:0;padding:6px 10px}
.act label{margin:0}
main>form .act{margin:0 0 16px}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0 0 14px}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;font-size:.93rem;margin:0 0 14px}
th{text-align:left;color:var(--soft);font-weight:600;padding:6px 12px 6px 0}
td{border-top:1px solid var(--line);padding:8px 12px 8px 0;vertical-align:top;overflow-wrap:anywhere}
.codes{columns:2;list-style:none;padding:12px 16px;border:1px solid var(--line);border-radius:10px;font:1.05rem/1.9 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.codes li{margin:0}
.qr{width:fit-content;max-width:100%;margin:0 0 14px;padding:14px;background:#fff;border:1px solid var(--line);border-radius:10px}
.qr svg{display:block;width:12.5rem;max-width:100%;height:auto}
.once{display:block;padding:12px 14px;margin:0 0 14px;border:1px solid var(--ok);border-radius:10px;user-select:all}
footer{border-top:1px solid var(--line);margin-top:22px;padding-top:12px;color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
details{margin:0 0 12px}
summary{cursor:pointer;font-weight:600}
summary.soft,li summary{font-weight:500}
li details{margin:2px 0 0}
summary{width:fit-content}
.name{background:var(--tag);border-radius:5px;padding:0 5px;overflow-wrap:anywhere;-webkit-box-decoration-break:clone;box-decoration-break:clone}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--tag);border-radius:5px;padding:1px 5px;overflow-wrap:anywhere}
.hidden{position:absolute!important;width:1px!important;height:1px!important;padding:0!important;margin:-1px!important;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
@media (max-width:480px){body{padding:12px 10px;place-items:start center}.card{padding:20px 18px 22px;border-radius:14px}.buttons{grid-template-columns:1fr}.codes{columns:1}dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin:0 0 8px}.fold thead{display:none}.fold tr{display:block;border-top:1px solid var(--line);padding:8px 0}.fold td{display:block;border:0;padding:1px 0}}
`

export const styleHash: string = `sha256-${hash('sha256', style, 'base64')}`
