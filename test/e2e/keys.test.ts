/** `sallyport keys` beside a guard that serves, as an operator types it. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createVaultTransit } from '../../examples/kms/vault.ts'
import { rotate } from '../../src/cli/commands/keys.ts'
import type { CliError } from '../../src/cli/errors.ts'
import { createFileTokenStore } from '../../src/client/index.ts'
import { MCPServer } from '../../src/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { startTransit } from '../fixtures/kms/transit.ts'
import { verifies } from '../requirements.ts'
import { run } from '../support/child.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { SALLYPORT } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

verifies('master-key')

let gateway: Gateway
let web: HttpWitness
before(async () => {
  web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look')] })
  gateway = await startGateway({ servers: { web: { url: web.url } } })
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})
const keysIn = (): string[] =>
  readFileSync(join(gateway.dataDir, 'master.key'), 'utf8')
    .split('\n')
    .filter((line) => /^[\w-]{43}$/.test(line))

test('the first start says where the master key is, and nothing of it', async () => {
  const [key = ''] = keysIn()
  assert.match(gateway.log(), /the master key was made: keep a copy of it in a safe place.*master\.key/)
  assert.ok(!gateway.log().includes(key))
  await using folder = await createTempDir('keys')
  const first = await run(process.execPath, [SALLYPORT, 'secret', 'set', 'NAME', '--data-dir', join(folder.path, 'data')], {
    cwd: folder.path,
    input: 'a-value-that-is-secret\n',
  })
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stderr, /The master key was made: keep a copy of .*data.master\.key in a safe place/)
})

test('the master key is replaced while a guard serves: tokens, keys, refreshes and sign-ins go on, also this machine’s own', async () => {
  const client = await gateway.signIn()
  const { key } = await gateway.key()
  const works = async (token: string) => (await mcp(gateway.url, { token }).call('look')).status
  assert.equal(await works(client.tokens.access_token), 200)
  // What this machine's own clients keep in the same folder.
  const kept = createFileTokenStore({ dataDir: gateway.dataDir, env: {} })
  await kept.write('sign-in', 'its tokens')
  const before = keysIn()

  const ran = await gateway.cli('keys', 'rotate', '--json')
  assert.equal(ran.code, 0, ran.stderr)
  const { keyId, rewrapped } = JSON.parse(ran.stdout)
  assert.ok(rewrapped >= 3, ran.stdout)
  const now = keysIn()
  assert.equal(now.length, 1)
  assert.ok(!before.includes(now[0] as string))
  assert.ok(!`${ran.stdout}${ran.stderr}`.includes(now[0] as string))

  assert.equal(await works(client.tokens.access_token), 200)
  assert.equal(await works(key), 200)
  const refreshed = await client.refresh()
  assert.equal(refreshed.status, 200, await refreshed.text())
  assert.equal(await works((await gateway.signIn()).tokens.access_token), 200)
  for (const store of [kept, createFileTokenStore({ dataDir: gateway.dataDir, env: {} })])
    assert.equal(await store.read('sign-in'), 'its tokens')

  const record = (await gateway.records()).findLast(({ action }) => action === 'keys.rotate')
  assert.deepEqual([record?.target, record?.transport], [keyId, 'cli'])
  const listed = JSON.parse((await gateway.cli('keys', 'list', '--json')).stdout)
  assert.equal(listed.master.current, keyId)
  assert.deepEqual(Object.keys(listed.master.byMasterKey), [keyId])
  assert.equal(listed.signingKeys.length, 1)
  assert.ok(listed.master.byKind.oauth_artifact >= 2)
})

test('what makes no sense together is refused, with what was meant', async () => {
  const { dataDir } = gateway
  const says = (words: RegExp) => (error: unknown) => words.test(`${(error as Error).message}: ${(error as CliError).fix}`)
  await assert.rejects(rotate({ dataDir, compromised: true }), says(/keys rotate --signing --compromised/))
  const file = join(gateway.folder, 'passphrase')
  writeFileSync(file, 'short', { mode: 0o600 })
  await assert.rejects(rotate({ dataDir, newPassphraseFile: file }), says(/at least 16 characters/))
})

test('who goes over from a key file to a passphrase is signed in still, without the file', async () => {
  await using folder = await createTempDir('keys')
  const [dataDir, file] = [join(folder.path, 'data'), join(folder.path, 'passphrase')]
  writeFileSync(file, 'a passphrase of several words', { mode: 0o600 })
  const env = { PATH: process.env['PATH'] }
  const cli = (...args: string[]) => run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir], { env })
  assert.equal((await cli('key', 'create', '--name', 'a', '--scope', 'tools:read')).code, 0)
  await createFileTokenStore({ dataDir, env: {} }).write('sign-in', 'its tokens')
  const ran = await cli('keys', 'rotate', '--new-passphrase-file', file)
  assert.match(ran.stderr, /Nothing needs master\.key any more/)
  rmSync(join(dataDir, 'master.key'))
  const store = createFileTokenStore({ dataDir, env: { SALLYPORT_MASTER_PASSPHRASE_FILE: file } })
  assert.equal(await store.read('sign-in'), 'its tokens')
})

test('a service that the configuration names is used by every command that finds the configuration', async () => {
  await using folder = await createTempDir('keys')
  const transit = await startTransit()
  try {
    writeFileSync(join(folder.path, 'sallyport.yaml'), 'dataDir: data\nkeys:\n  kms: ./kms.mjs\n')
    const { address, token } = transit
    const adapter = JSON.stringify(join(ROOT, 'examples/kms/vault.ts'))
    const made = `import { createVaultTransit } from ${adapter}\n`
    writeFileSync(join(folder.path, 'kms.mjs'), `${made}export default createVaultTransit(${JSON.stringify({ address, token })})\n`)
    const cli = (...args: string[]) => run(process.execPath, [SALLYPORT, ...args], { cwd: folder.path, input: 'a-value-that-is-secret\n' })
    assert.equal(
      (await cli('secret', 'set', 'NAME')).stderr,
      '! no server in the configuration that is found from here asks for ${secret:NAME}\n',
    )
    transit.rotate('sallyport')
    const rotated = await cli('keys', 'rotate', '--json')
    assert.equal(JSON.parse(rotated.stdout).keyId, 'transit/sallyport:v2', rotated.stderr)
    assert.deepEqual(JSON.parse((await cli('keys', 'list', '--json')).stdout).master.byMasterKey, { 'transit/sallyport:v2': 2 })
    assert.ok(!readdirSync(join(folder.path, 'data')).includes('master.key'))
  } finally {
    await transit.close()
  }
})

test('a server in code seals under a service that it is given, and makes no key of its own', async () => {
  await using folder = await createTempDir('keys')
  const transit = await startTransit()
  try {
    const options = { dataDir: folder.path, port: 0, log: false as const }
    assert.throws(
      () => new MCPServer({ ...options, keys: { kms: { wrap() {} } as never } }),
      /keys\.kms: needs the methods current, wrap and unwrap/,
    )
    const server = new MCPServer({ ...options, keys: { kms: createVaultTransit(transit) } })
    await server.listen()
    assert.deepEqual(transit.asked.slice(0, 1), ['encrypt sallyport'])
    await server.close()
    await assert.rejects(new MCPServer(options).listen(), /master\.key: does not exist, and what is beside it is sealed/)
  } finally {
    await transit.close()
  }
})
