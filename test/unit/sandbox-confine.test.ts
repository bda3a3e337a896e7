import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { startChild } from '../../src/process/index.ts'
import { createBubblewrap, toGrants, toolLimits } from '../../src/sandbox/index.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'

test('a confined program runs, and sees nothing of its machine but what it needs', needsBubblewrap, async () => {
  const confined = createBubblewrap().confine({
    command: process.execPath,
    args: ['-p', 'JSON.stringify([fs.readdirSync("/").sort(), Object.keys(os.networkInterfaces()), process.pid < 10])'],
    cwd: '/',
    env: {},
    grants: toGrants({}, '/', toolLimits),
    code: [],
    forks: false,
    node: true,
  })
  const child = startChild(confined.command)
  confined.started(child)
  let output = ''
  for await (const part of child.stdout) output += part
  const [root, interfaces, isNew] = JSON.parse(output) as [string[], string[], boolean]
  for (const hidden of ['root', 'home', 'var', 'run', 'sys', 'opt', 'mnt']) assert.ok(!root.includes(hidden), hidden)
  assert.deepEqual(interfaces.filter((name) => name !== 'lo'), [])
  assert.ok(isNew)
})
