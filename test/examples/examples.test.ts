/** Every example is a program that checks itself, on the package as it is built: its `check.ts` ends well, and says so. */

import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { verifies } from '../requirements.ts'
import { filesIn, findInBytes, findInFolder } from '../support/at-rest.ts'
import { run } from '../support/child.ts'
import { createTempDir, ROOT, withBin } from '../support/paths.ts'

verifies('at-rest')

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

/** What the stories themselves keep to somebody. */
const canaries: Readonly<Record<string, readonly string[]>> = {
  'examples/private-data': [
    '4000 0566 5566 5556',
    'ends in 5556',
    'ana.of.the.harbour@example.com',
    '4111 1111 1111 1111',
    'Pays on Fridays.',
    '3999;2026-11-27;a payment',
  ],
}

/** What came in and went out of all of them and must be nowhere afterwards: keys, tokens, codes, passwords, cookies. */
let secrets = 0
let searched = 0

// Side by side: they share nothing.
suite('the stories', { concurrency: 2 }, () => {
  for (const story of stories)
    test(`${story} holds, and leaves no secret in its data or its log`, async () => {
      await using folder = await createTempDir('example')
      const data = join(folder.path, 'data')
      const tap = join(folder.path, 'secrets')
      const { code, stdout, stderr } = await run(
        process.execPath,
        ['--import', join(ROOT, 'test/support/secrets-tap.mjs'), join(ROOT, story, 'check.ts')],
        {
          cwd: folder.path,
          // Whatever the machine runs on the port of the README is in nobody's way here.
          env: withBin({ SALLYPORT_DATA_DIR: data, PORT: '0', SECRETS_TAP: tap }) as Record<string, string>,
          timeoutMs: 60_000,
        },
      )
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^✓ /m)
      const values = existsSync(tap)
        ? readFileSync(tap, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as string)
        : []
      secrets += values.length
      searched++
      values.push(...(canaries[story] ?? []))
      assert.ok(filesIn(data).length > 0, 'it kept nothing: there was nothing to search')
      // The terminal is how the link that makes the owner's account reaches its operator; it is good once, and was used.
      const log = `${stdout}${stderr}`.replaceAll(/\/setup\?code=[\w-]+/g, '/setup')
      assert.deepEqual([...findInFolder(data, values), ...findInBytes(Buffer.from(log), values, 'log')], [])
    })
})

after(() => assert.ok(searched < stories.length || secrets > 50, `only ${secrets} secrets were seen on their way`))
