/** The composition of a gateway: what is opened is closed, however far the opening came. */

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRedactor, silentLog } from '../../src/core/index.ts'
import { createGuard, type GuardOptions, loadConfig } from '../../src/gateway/index.ts'
import { createTempDir } from '../support/index.ts'
import { lived } from '../support/until.ts'

const options = (folder: string): GuardOptions => ({
  config: loadConfig({
    cwd: folder,
    env: {},
    flags: { port: 0, dataDir: join(folder, 'data') },
    target: { command: process.execPath, args: ['-e', 'process.stdin.resume()'] },
  }),
  version: '0.0.0',
  log: silentLog,
  redactor: createRedactor(),
})
const openFiles = (folder: string): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((path) => path.startsWith(folder))
    } catch {
      return []
    }
  })

test('what cannot be opened leaves nothing open', { skip: process.platform !== 'linux' }, async () => {
  await using temp = await createTempDir('opening')
  mkdirSync(join(temp.path, 'data'), { mode: 0o700 })
  writeFileSync(join(temp.path, 'data', 'sallyport.lock'), 'not what we wrote')
  await assert.rejects(createGuard(options(temp.path)), /is not a sallyport\.lock/)
  assert.deepEqual(openFiles(temp.path), [])
})

test('one that is closed before its upstreams have answered is closed soon, and keeps nobody waiting for them', async () => {
  await using temp = await createTempDir('closing')
  const guard = await createGuard(options(temp.path))
  using time = lived()
  await Promise.all([guard.close(), guard.close()])
  assert.deepEqual(await guard.ready, [])
  assert.ok(time.ms() < 3_000)
  if (process.platform === 'linux') assert.deepEqual(openFiles(temp.path), [])
})
