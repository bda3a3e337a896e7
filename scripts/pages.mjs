/** `npm run pages`: a real Chromium walks every page, and leaves a picture of each in test/artefacts/pages. Names of files choose some. */

import { fileURLToPath } from 'node:url'
import { ensureChromium } from './chromium.mjs'
import { createRun, filesOf } from './steps.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = createRun(root)
const wanted = process.argv.slice(2)

ensureChromium()
process.env.PICTURES = '1'
await run.suite('pages', wanted.length > 0 ? wanted : filesOf(root, 'pages'))

// Not exit(): a pipe may not have taken everything yet.
process.exitCode = run.finish()
