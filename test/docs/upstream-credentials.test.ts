/** docs/upstream-credentials.md: each configuration in it is one, and what it says of bounds is what the code has. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IDLE_SECONDS } from '../../src/gateway/each-person/idle.ts'
import { PROCESSES } from '../../src/gateway/each-person/people-processes.ts'
import { loadConfig, secretsAskedBy } from '../../src/gateway/index.ts'
import { MIN_SECRET } from '../../src/vault/secrets.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/upstream-credentials.md'), 'utf8')

test('every configuration in it is understood', async () => {
  const folder = await createTempDir('credentials')
  const file = join(folder.path, 'sallyport.yaml')
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block as string)
  assert.ok(blocks.length >= 1)
  const asked = blocks.flatMap((block) => {
    writeFileSync(file, block)
    const names = [...block.matchAll(/\$\{(?:env:)?([A-Z_]+)\}/g)].map(([, name]) => [name as string, 'given-for-the-test'])
    return loadConfig({ file, cwd: folder.path, env: Object.fromEntries(names) }).servers.flatMap(secretsAskedBy)
  })
  const names = asked.map(({ secret, of }) => `${secret} ${of}`)
  for (const name of ['FILES_KEY everybody', 'TEAM_KEY everybody', 'TRACKER person']) assert.ok(names.includes(name), name)
  await folder.remove()
})

test('the bounds it names are those that hold', () => {
  assert.match(text, new RegExp(`There are ${PROCESSES} at most for a server`))
  assert.equal(IDLE_SECONDS, 600)
  assert.match(text, /ends after ten minutes without a call/)
  assert.match(text, new RegExp(`It has ${MIN_SECRET} characters at least`))
})
