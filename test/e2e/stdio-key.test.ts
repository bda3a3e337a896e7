/** A key over stdio that is none ends the process with a sentence, and a host is not kept waiting; the key itself is not said. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createApiKeys } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

const DAY_MS = 86_400_000

test('a bad SALLYPORT_KEY is told at the start, in code and by guard', async () => {
  await using temp = await createTempDir('stdio-key')
  const dataDir = join(temp.path, 'data')
  const data = await openData({ dataDir })
  const create = (clock: () => number) =>
    createApiKeys({ ...data, clock }).create({ name: 'a', scopes: ['tools:read'], createdBy: 'test', expiresInDays: 1 })
  const [good, expired, revoked] = [await create(Date.now), await create(() => Date.now() - 2 * DAY_MS), await create(Date.now)]
  await createApiKeys({ ...data, clock: Date.now }).revoke(revoked.id)
  await data.store.close()

  const server = join(temp.path, 'server.mjs')
  writeFileSync(
    server,
    `import { MCPServer } from ${JSON.stringify(pathToFileURL(join(ROOT, 'src', 'index.ts')).href)}
await new MCPServer({ dataDir: ${JSON.stringify(dataDir)} }).stdio()
`,
  )
  const guard = [SALLYPORT, 'guard', '--stdio', '--data-dir', dataDir, '--', process.execPath, server]
  const [changed, other] = [`${good.key.slice(0, -1)}${good.key.endsWith('a') ? 'b' : 'a'}`, 'not-a-key-at-all']
  for (const [key, says] of [
    [other, 'is malformed'],
    [changed, /is (?:malformed|unknown in \S+data)\b/],
    [expired.key, `is expired in ${dataDir}`],
    [revoked.key, `is revoked in ${dataDir}`],
  ] as const) {
    for (const args of [[server], guard]) {
      const { code, stdout, stderr } = await run(process.execPath, args, { env: { SALLYPORT_KEY: key }, cwd: temp.path })
      assert.notEqual(code, 0)
      assert.match(stderr, typeof says === 'string' ? new RegExp(`SALLYPORT_KEY: ${says.replaceAll('.', '\\.')}`) : says)
      assert.ok(!`${stdout}${stderr}`.includes(key), 'the key is not said')
    }
  }
  const fine = await run(process.execPath, [server], { env: { SALLYPORT_KEY: good.key }, cwd: temp.path, input: '' })
  assert.equal(fine.code, 0, fine.stderr)
})
