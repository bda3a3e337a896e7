/**
 * One guard lives through all that puts something on its disk: people with passwords and one-time codes, programs with secrets, keys, tokens,
 * secrets by name, results and resources that are kept, personal data behind signs, arguments beside the audit. Afterwards nothing of it is
 * there in clear: not in a database, its free pages or its log, not in what was printed. Searched while it runs, and when it has ended.
 */

import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { MCPClient } from '../../src/client/index.ts'
import { systemClock } from '../../src/core/index.ts'
import { createPeople } from '../../src/people/index.ts'
import { createLocalBus, createMemoryCounters } from '../../src/storage/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { findInBytes, findInFolder, type Leak } from '../support/at-rest.ts'
import { connect, postForm } from '../support/authorization.ts'
import { run } from '../support/child.ts'
import { SALLYPORT, startGuard } from '../support/guard.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

verifies('at-rest', 'sealed-secrets')

/** Each came in another way. */
const canaries = {
  named: 'canary-of-the-team-7d1f0c',
  person: 'canary.of.a.person.5e2b',
  argument: 'canary in an argument: the harbour is quiet',
  resource: 'canary in a resource that a client has put here',
  password: 'a canary that sings at dawn',
}

test('of all that a guard is told and keeps, nothing is in clear on its disk or in its log', { timeout: 90_000 }, async () => {
  await using folder = await createTempDir('at-rest')
  const dataDir = join(folder.path, 'data')
  const tap = join(folder.path, 'tap')
  const sallyport = async (args: readonly string[], input = ''): Promise<string> => {
    const { code, stdout, stderr } = await run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir], { cwd: folder.path, input })
    assert.equal(code, 0, stderr)
    return stdout
  }
  await sallyport(['secret', 'set', 'TEAM'], `${canaries.named}\n`)

  const guard = await startGuard({
    dataDir,
    env: { SECRETS_TAP: tap, NODE_OPTIONS: `--import ${join(ROOT, 'test/support/secrets-tap.mjs')}` },
    config: {
      servers: {
        keeper: {
          command: process.execPath,
          args: [join(ROOT, 'test/fixtures/keeper-server.ts')],
          env: { TOKEN: '${secret:TEAM}', CANARY: canaries.person },
          references: { read: { document: true } },
        },
      },
      results: { maxBytes: 8_192 },
      audit: { arguments: 'sealed' },
      personal: { policy: { email: 'tokenise' } },
    },
  })
  const told: string[] = []
  try {
    await guard.user('ana', canaries.password)
    const seed = await withOneTimeCodes(dataDir, 'ana', guard.issuer)
    const codes = new TOTP({ secret: Secret.fromBase32(seed) })
    const person = { name: 'ana', password: canaries.password, oneTimeCode: () => codes.generate({ timestamp: Date.now() + 30_000 }) }
    const signedIn = await connect({ issuer: guard.issuer, resource: guard.url }, { person })
    assert.equal((await signedIn.refresh()).status, 200)

    const program = JSON.parse(
      await sallyport(['client', 'create', '--name', 'nightly', '--grant', 'client-credentials', '--scope', 'tools:execute', '--json']),
    )
    const { id: clientId, secret } = program
    const asked = { grant_type: 'client_credentials', resource: guard.url }
    const basic = Buffer.from(`${clientId}:${secret}`).toString('base64')
    const response = await postForm(`${guard.issuer}/token`, asked, { authorization: `Basic ${basic}` })
    assert.equal(response.status, 200, await response.clone().text())

    const key = await guard.key()
    told.push(seed, secret, key, signedIn.tokens.access_token, ((await response.json()) as { access_token: string }).access_token)
    for (const apiKey of [key, signedIn.tokens.access_token])
      await useAll(new MCPClient({ serverUrl: guard.url, auth: { type: 'api_key', apiKey } }))

    assert.ok(told.every(Boolean))
    const values = [...Object.values(canaries), ...told, ...seenBy(tap)]
    assert.ok(values.length > 30, `${values.length} values`)
    // As somebody would copy it from under a guard that runs: the write-ahead logs are full.
    const copy = join(folder.path, 'copy')
    cpSync(dataDir, copy, { recursive: true })
    assert.ok(readdirSync(copy).some((name) => name.endsWith('-wal')))
    assert.deepEqual(shown(findInFolder(copy, values), values), [])
    assert.deepEqual(shown(findInBytes(Buffer.from(guard.log()), values, 'log'), values), [])
    process.kill(guard.pid)
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.deepEqual(shown(findInFolder(dataDir, values), values), [])
    // The search is good for something: who somebody is, is no secret.
    assert.notDeepEqual(findInFolder(dataDir, ['nightly', guard.issuer]), [])
  } finally {
    await guard.stop()
  }
})

/** What is found, without saying it. */
const shown = (leaks: readonly Leak[], values: readonly string[]) =>
  leaks.map(({ index, ...rest }) => ({ ...rest, which: Object.keys(canaries)[index] ?? `${values[index]?.slice(0, 4)}…` }))

const seenBy = (tap: string): string[] =>
  existsSync(tap)
    ? readFileSync(tap, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as string)
    : []

async function useAll(client: MCPClient): Promise<void> {
  await using _ = client
  const { content } = await client.callTool('dossier')
  const link = content.find((block) => block.type === 'resource_link')
  assert.ok(link?.type === 'resource_link')
  assert.doesNotMatch(JSON.stringify(content), new RegExp(canaries.person))
  assert.match(JSON.stringify(content), /tok_email_/)
  assert.match(JSON.stringify(await client.readResource(link.uri)), /dossier/)
  await client.callTool('note', { text: canaries.argument })
  const { uri } = await client.putResource(canaries.resource, { mimeType: 'text/plain' })
  const read = await client.callTool('read', { document: uri })
  assert.match(JSON.stringify(read.content), new RegExp(`read ${canaries.resource.length} characters`))
  assert.doesNotMatch(JSON.stringify(await client.callTool('leak')), new RegExp(canaries.named))
}

/** As their account page does it, beside the guard. Answers the seed. */
async function withOneTimeCodes(dataDir: string, name: string, issuer: string): Promise<string> {
  const data = await openData({ dataDir })
  try {
    const parts = { ...data, counters: createMemoryCounters(), bus: createLocalBus(), clock: systemClock, issuer }
    const { accounts, oneTimeCodes } = createPeople(parts)
    const account = await accounts.find(name)
    assert.ok(account)
    const { uri, ticket } = await oneTimeCodes.begin(account)
    const seed = new URL(uri).searchParams.get('secret') ?? ''
    const code = new TOTP({ secret: Secret.fromBase32(seed) }).generate()
    assert.equal(await oneTimeCodes.confirm(account, ticket, code), 'on')
    return seed
  } finally {
    await data.store.close()
  }
}
