/** Every example is a program that checks itself, on the package as it is built: its `check.ts` ends well, and says so. */

import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, test } from 'node:test'
import { run } from '../support/child.ts'
import { createTempDir, ROOT, withBin } from '../support/paths.ts'

const stories = globSync('examples/*/server.ts', { cwd: ROOT })
  .map((file) => dirname(file))
  .sort()

before(async () => {
  // The examples import the package by its name, which is what `tsc -b` has made.
  const built = join(ROOT, 'dist', 'index.js')
  const isNew =
    existsSync(built) &&
    globSync('src/**/*.ts', { cwd: ROOT }).every(
      (file) => statSync(join(ROOT, file)).mtimeMs <= statSync(join(ROOT, 'dist', '.tsbuildinfo')).mtimeMs,
    )
  if (isNew) return
  const { code, stdout } = await run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-b'], { cwd: ROOT })
  assert.equal(code, 0, stdout)
})

test('there are examples, and each has its check', () => {
  assert.ok(stories.length >= 8)
  for (const story of stories) assert.ok(existsSync(join(ROOT, story, 'check.ts')), story)
})

test('a check needs nothing but to be started, and leaves nothing behind', async () => {
  await using folder = await createTempDir('example')
  const env = withBin({ SALLYPORT_DATA_DIR: undefined, PORT: undefined, TMPDIR: folder.path, TEMP: folder.path })
  const { code, stderr } = await run(process.execPath, [join(ROOT, 'examples/zod/check.ts')], { env: env as Record<string, string> })
  assert.equal(code, 0, stderr)
  assert.deepEqual(readdirSync(folder.path), [])
})

for (const story of stories)
  test(`${story} holds`, async () => {
    await using folder = await createTempDir('example')
    const { code, stdout, stderr } = await run(process.execPath, [join(ROOT, story, 'check.ts')], {
      cwd: folder.path,
      // Whatever the machine runs on the port of the README is in nobody's way here.
      env: withBin({ SALLYPORT_DATA_DIR: join(folder.path, 'data'), PORT: '0' }) as Record<string, string>,
      timeoutMs: 60_000,
    })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^✓ /m)
  })
