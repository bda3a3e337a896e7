/** `npm start` and `npx sallyport` through the real npm: what they print, and that ending npm ends everything below it. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTempDir, firstLine, ROOT, run, start, stop, withBin } from '../support/index.ts'
import { until } from '../support/until.ts'

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}

for (const [what, command, args] of [
  ['npm start', npm, ['--silent', 'start', '--']],
  ['npx sallyport guard', npx, ['sallyport', 'guard', '--config', 'examples/notes/sallyport.yaml']],
] as const)
  test(`${what} accepts requests, and ends when npm is ended`, async () => {
    await using temp = await createTempDir('npm')
    const flags = ['--port', '0', '--ready-json', '--data-dir', join(temp.path, 'data')]
    const child = start(command, [...args, ...flags], { cwd: ROOT, env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
    try {
      const { url } = JSON.parse(await firstLine(child, 60_000))
      assert.equal((await fetch(url)).status, 401)
      // npm runs a shell, which dies of the signal and passes nothing on.
      child.process.kill('SIGTERM')
      await until('it to be gone', async () => !(await answers(url)))
    } finally {
      await stop(child.process)
    }
  })

test('npx sallyport --version works in the repository, without a network', async () => {
  const { code, stdout } = await run(npx, ['--offline', 'sallyport', '--version'], { cwd: ROOT })
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  assert.deepEqual([code, stdout.trim()], [0, version])
})
