/**
 * What `.ci/run` runs: `npm test` (format, lint, types, layers, docs in sync and every other suite, each a named step), then the
 * claims that need more time or more packages.
 */

import { fileURLToPath } from 'node:url'
import { ensureBubblewrap } from './bubblewrap.mjs'
import { ensureChromium } from './chromium.mjs'
import { createRun, filesOf } from './steps.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = createRun(root)

// What the sandbox is made with: without it its tests are skipped, and say so.
ensureBubblewrap()
await run.counted('npm test', ['npm', 'test'])
await run.command('packed tarball', [process.execPath, 'scripts/packed.mjs'])
// A real Chromium walks every page; where there is none and none can be installed, these are skipped, and say so.
ensureChromium()
// Side by side: what the official suite takes is mostly its own waiting.
await Promise.all([clientsAndPages(), run.suite('conformance', filesOf(root, 'conformance'), { minutes: 8, atOnce: 1 })])

// Not exit(): a pipe may not have taken everything yet.
process.exitCode = run.finish()

async function clientsAndPages() {
  await run.suite('clients', filesOf(root, 'clients'), { minutes: 8, atOnce: 1 })
  await run.suite('pages', filesOf(root, 'pages'), { atOnce: 2 })
}
