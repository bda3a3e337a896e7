/** `sallyport keys payload` and `keys rotate --payload`, beside a server that runs: it follows, and its tools say so. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotate } from '../../src/cli/commands/keys.ts'
import { listPayloadKeys } from '../../src/cli/commands/keys-payload.ts'
import { CliError } from '../../src/cli/errors.ts'
import { followSuccession, readToolEncryption, thumbprintOf } from '../../src/payload/index.ts'
import { verifies } from '../requirements.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir } from '../support/paths.ts'
import { sealedClient } from '../support/sealed-client.ts'
import { startServer } from '../support/server.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

verifies('payload-encryption')

const cli = (dataDir: string, ...args: string[]) => run(process.execPath, [SALLYPORT, 'keys', ...args, '--data-dir', dataDir])

test('the identity is printed and rotated beside a running server, whose tools tell of the next one', async () => {
  const card = { type: 'string', maxLength: 20, encrypted: true }
  const tools = [{ name: 'pay', parameters: { type: 'object', properties: { card } }, execute: () => 'done' }]
  await using served = await startServer({ tools: tools as never })
  const client = mcp(served.url, { key: await served.key() })
  const identityNow = async () => readToolEncryption((await client.list())[0]._meta)
  const before = await identityNow()
  assert.ok(before)

  const shown = await cli(served.dataDir, 'payload', '--json')
  const { keys }: Json = JSON.parse(shown.stdout)
  assert.deepEqual(
    keys.map(({ use }: Json) => use),
    ['identity', 'seals'],
  )
  assert.equal(keys[0].kid, thumbprintOf(before.identity))
  assert.ok(!/"d"|sealed"/.test(shown.stdout))

  const rotated: Json = JSON.parse((await cli(served.dataDir, 'rotate', '--payload', '--json')).stdout)
  await until(
    'the tools tell of the next identity',
    async () => thumbprintOf((await identityNow())?.identity as typeof before.identity) === rotated.kid,
  )
  const after = await identityNow()
  assert.ok(after && followSuccession(keys[0].kid, after.succession, after.identity))
  const sealed = await sealedClient(client, 'pay')
  assert.equal((await sealed.call({ card: '4111' })).result.content[0].text, 'done')
})

test('where there are none, and with what does not go together, an error says what to do', async () => {
  await using folder = await createTempDir('payload-keys')
  const says = (words: RegExp) => (error: unknown) =>
    error instanceof CliError && words.test(`${error.code} ${error.message}: ${error.fix}`)
  await assert.rejects(listPayloadKeys({ dataDir: folder.path }), says(/E-NOT-FOUND/))
  await using served = await startServer()
  const { dataDir } = served
  assert.match((await cli(dataDir, 'payload')).stderr, /a server with encrypted fields makes the first ones/)
  await assert.rejects(rotate({ dataDir, payload: true }), says(/E-NOT-FOUND there are no keys for encrypted fields/))
  await assert.rejects(rotate({ dataDir, payload: true, signing: true }), says(/E-USAGE --payload is said alone/))
})
