/**
 * What `npm start`, `npm test` and `npm run bench` call: installs what the lock file says, if that has not been done, then
 * runs the rest on the Node of the lock file. Plain JavaScript for Node 18 and later, because this is the one
 * program here that runs on whatever Node the machine has. Everything it says goes to stderr: stdout belongs to what it runs.
 */

import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lockedNode, setUp } from './set-up.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [task, ...args] = process.argv.slice(2)

const tasks = {
  start: { set: 'start', program: ['bin/sallyport.js', 'guard', '--config', 'examples/notes/sallyport.yaml'] },
  test: { set: 'test', program: ['scripts/test.mjs'] },
  bench: { set: 'all', program: ['bench/run.ts'] },
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
} catch (error) {
  console.error(`error: ${error.message}`)
  process.exit(1)
}
run(lockedNode(root), [...chosen.program, ...args])

function run(node, argv) {
  // `npm start` must find the examples and the guarded server whatever folder npm was called from; npm sets cwd to the root.
  const child = spawn(node, argv, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` },
  })
  // A terminal sends ^C to the child as well; only what was sent to this process alone is passed on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGTERM'))
  child.on('error', (error) => {
    console.error(`error: ${node} could not be started (${error.code})\nfix: delete node_modules and run the command again`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}
