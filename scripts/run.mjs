/**
 * What `npm start`, `npm test`, `npm run build` and the others call: installs what the lock file says, if that has not been done, then
 * runs the rest on the Node of the lock file. Plain JavaScript for Node 18 and later, because this is the one
 * program here that runs on whatever Node the machine has. Everything it says goes to stderr: stdout belongs to what it runs.
 */

import { chownSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { passOn } from '../bin/pass-on.js'
import { lockedNode, setUp, setUpFolder } from './set-up.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [task, ...args] = process.argv.slice(2)

const tasks = {
  start: { set: 'start', program: ['bin/sallyport.js', 'guard', '--config', 'examples/notes/sallyport.yaml'] },
  // What a program of your own imports by the name of the package: the command itself runs from src/.
  build: { set: 'build', program: ['node_modules/typescript/bin/tsc', '-b'] },
  test: { set: 'test', program: ['scripts/test.mjs'] },
  types: { set: 'all', program: ['scripts/test.mjs', 'type-check', 'type-check-tests', 'type-check-bench'] },
  bench: { set: 'all', program: ['bench/run.ts'] },
  'bench:memory': { set: 'all', program: ['bench/memory.ts'] },
  // The official suite on a server in code, in every way that it is reached, on the SDK's through the guard, and on our client; the program
  // that it tests as a client, and that server alone; and 23 real servers, each counted through the guard.
  conformance: { set: 'test', program: ['test/conformance/run.ts'] },
  'conformance:client': { set: 'test', program: ['test/conformance/client/run.ts'] },
  'conformance:server': { set: 'test', program: ['test/conformance/our-server.ts'] },
  servers: { set: 'test', program: ['test/servers/list.ts'] },
  // Four of them, fetched and started in their sandboxes: that they do their work there, and nothing else.
  'servers:sandboxed': { set: 'test', program: ['scripts/test.mjs', 'servers-sandboxed'] },
  // Ten thousand sign-ins against one server: what it holds and keeps. `npm test` does fifty.
  'soak:sign-in': { set: 'test', program: ['test/soak/sign-in.ts'] },
  // What the redactor finds on the rows of ../shared/data, and what that takes.
  'eval:redaction': { set: 'test', program: ['test/eval/redaction.ts'] },
  // Real clients, unattended: a sign-in and a tool call each. The hosts are over a gigabyte.
  clients: { set: 'test', folder: 'test/clients-large', program: ['test/clients-large/run.ts'] },
  'clients:hosts': { set: 'test', folder: 'test/hosts', program: ['test/hosts/run.ts'] },
  // A real Chromium walks every page of ours, and leaves pictures in test/artefacts/pages.
  pages: { set: 'test', program: ['scripts/pages.mjs'] },
  // Rewrites the parts of the documents that are made from code.
  docs: { set: 'test', program: ['scripts/generated.mjs'] },
  // What `.ci/run` calls.
  ci: { set: 'test', program: ['scripts/ci.mjs'] },
}

const chosen = tasks[task]
if (!chosen) {
  console.error(`error: scripts/run.mjs takes one of ${Object.keys(tasks).join(', ')}`)
  process.exit(2)
}

try {
  await setUp(root, chosen.set)
  if (chosen.folder) await setUpFolder(root, chosen.folder)
} catch (error) {
  console.error(`error: ${error.message}`)
  process.exit(1)
}
if (task === 'start') giveAway(join(root, 'examples/notes/notes'))
const node = lockedNode(root)
// `npm start` must find the examples and the guarded server whatever folder npm was called from.
const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` }
passOn(node, [...chosen.program, ...args], { cwd: root, env }, ({ code }) => {
  console.error(`error: ${node} could not be started (${code})\nfix: delete node_modules and run the command again`)
  process.exit(1)
})

/** What root has checked out belongs to root, and the server that root starts in a sandbox is not root: it could not write its notes. */
function giveAway(folder) {
  const nobody = 65_534
  if (process.platform !== 'linux' || process.getuid() !== 0) return
  const ours = [folder, ...readdirSync(folder).map((name) => join(folder, name))].filter((path) => statSync(path).uid === 0)
  for (const path of ours) chownSync(path, nobody, nobody)
  if (ours.length > 0)
    console.error(`The notes belong to the user ${nobody} (nobody) from now on: the server that may write them does not run as root.`)
}
