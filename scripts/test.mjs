/**
 * `npm test`: format · lint · types, then every suite on node:test. Each is a step with its time; each test counts. The last
 * line is plain, `N passed, N failed`, where a step without tests of its own counts as one. Any failure ends in exit code 1.
 *
 *   npm test                              everything
 *   npm test -- lint unit                 only these steps
 *   npm test -- test/unit/some.test.ts    only this file
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { missingBubblewrap } from './bubblewrap.mjs'
import { benchInstalled, checks, createRun, extraSuites, filesOf, suites } from './steps.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = createRun(root)

const wanted = process.argv.slice(2)
// `test/types` is mostly files that must not compile but where they say so: the type check runs those.
const everything = [
  ...Object.keys(checks).filter((name) => name !== 'type-check-bench' || benchInstalled(root)),
  ...Object.keys(suites).filter((name) => name !== 'types' || filesOf(root, name).length > 0),
]
const known = Object.keys({ ...checks, ...suites, ...extraSuites })
const files = wanted.filter((name) => !known.includes(name))
for (const file of files)
  if (!existsSync(file)) {
    console.error(`error: there is no step and no file ${file}\nfix: name any of ${known.join(', ')}, or a file below test/`)
    process.exit(2)
  }

const lacking = missingBubblewrap()
if (lacking !== undefined) console.error(lacking)

const chosen = wanted.length === 0 ? everything : known.filter((name) => wanted.includes(name))
for (const name of chosen)
  if (checks[name]) await run.command(name, checks[name])
  else await run.suite(name, filesOf(root, name))
if (files.length > 0) await run.suite('files', files)

// Not exit(): a pipe may not have taken everything yet.
process.exitCode = run.finish()
