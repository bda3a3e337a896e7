/** Named secrets from the configuration to what is handed over: references, headers for each caller, and the variables of a process that all share. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ConfigError, createLog, createRedactor, type Principal } from '../../src/core/index.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { createSecretUpstream } from '../../src/gateway/secret-upstream.ts'
import { createSecretBook, type SecretBook } from '../../src/gateway/secrets/book.ts'
import { createSecretConnectables } from '../../src/gateway/secrets/secret-connectables.ts'
import { createSecretHeaders } from '../../src/gateway/secrets/secret-headers.ts'
import type { Templates } from '../../src/gateway/secrets/template.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryVault, createNamedSecrets, type NamedSecrets } from '../../src/vault/index.ts'
import { callerWith, somebody } from '../fixtures/start-upstream.ts'
import { verifies } from '../requirements.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('named-secrets', 'own-secrets')

let folder: Awaited<ReturnType<typeof createTempDir>>
before(async () => {
  folder = await createTempDir('secrets')
})
after(() => folder.remove())

function load(servers: object) {
  const file = join(folder.path, 'sallyport.yaml')
  writeFileSync(file, JSON.stringify({ servers }))
  return loadConfig({ file, cwd: folder.path, env: { LEVEL: '${secret:NOT_THIS}' } })
}
function problemsOf(servers: object): string {
  try {
    load(servers)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems.join('\n')
  }
  return ''
}

interface Rig {
  readonly secrets: NamedSecrets
  readonly book: SecretBook
  readonly log: () => string
  readonly clock: () => number
}
function start(): Rig {
  const clock = Date.now
  const secrets = createNamedSecrets({ store: createMemoryStore({ clock }), vault: createMemoryVault(), clock })
  const redactor = createRedactor()
  let logged = ''
  const log = createLog({ level: 'debug', pretty: false, redactor, write: (line) => void (logged += line) })
  const get = async (name: string) => (name === 'gone' ? undefined : { since: 0 })
  return { secrets, book: createSecretBook({ secrets, accounts: { get }, redactor, log }), log: () => logged, clock }
}
const as = (user: string | undefined): Principal => ({ ...somebody, user })
const TOKEN: Templates = {
  authorization: ['Bearer ', { secret: 'TRACKER', of: 'person' }],
  'x-gateway': [{ secret: 'GATEWAY', of: 'everybody' }],
}

test('a reference stays a reference, in env and in headers, and what a variable holds is never one', () => {
  const { servers, warnings } = load({
    a: { command: 'x', env: { TOKEN: 'a ${secret:TRACKER} b ${user-secret:OWN-1}', LEVEL: '${env:LEVEL}' } },
    b: { url: 'https://b.example/mcp', headers: { Authorization: 'Bearer ${user-secret:TRACKER}', 'X-Plain': 'y' } },
  })
  const [a, b] = servers
  assert.deepEqual(a?.named, { TOKEN: ['a ', { secret: 'TRACKER', of: 'everybody' }, ' b ', { secret: 'OWN-1', of: 'person' }] })
  assert.deepEqual(a?.target, { command: 'x', args: [], cwd: folder.path, env: { LEVEL: '${secret:NOT_THIS}' } })
  assert.deepEqual(b?.named, { authorization: ['Bearer ', { secret: 'TRACKER', of: 'person' }] })
  assert.deepEqual(b?.target, { url: 'https://b.example/mcp', headers: { 'x-plain': 'y' } })
  assert.deepEqual(warnings, [])
})

test('a secret by name stands in env and headers alone: what others can read is refused', () => {
  for (const kind of ['secret', 'user-secret']) {
    const it = `\${${kind}:TRACKER}`
    const places = {
      args: { command: 'x', args: ['--token', it] },
      cwd: { command: 'x', cwd: it },
      url: { url: `https://b.example/${it}` },
    }
    for (const [place, server] of Object.entries(places))
      assert.match(problemsOf({ a: server }), new RegExp(`servers\\.a\\.${place}.*can stand in "env" and "headers"`), place)
  }
  assert.match(problemsOf({ a: { command: 'x', env: { T: '${secret:}' } } }), /must hold the name of a secret/)
  assert.match(problemsOf({ a: { command: 'x', env: { T: '${secret:a/b}' } } }), /must hold the name of a secret/)
  assert.match(problemsOf({ a: { command: 'x', perPerson: { processes: 2 } } }), /goes with a command that has \$\{user-secret:NAME\}/)
})

test('headers are each caller’s own, at once the second time, and another one from the moment it is set', async () => {
  const { secrets, book, log, clock } = start()
  const given = createSecretHeaders({ server: 's', templates: TOKEN, book, accountBase: () => 'http://g.test', clock, log: () => {} })
  const { credentials } = given
  const shown = async (user: string | undefined) => credentials.present(as(user))
  await secrets.set({ name: 'TRACKER', user: 'ana', value: 'token-of-ana', setBy: 'ana' })
  assert.deepEqual(await shown('ana'), {
    allowed: false,
    denial: { reason: 'upstream_unavailable', sentence: 'The server s waits for a secret that its operator has to set.' },
  })
  await secrets.set({ name: 'GATEWAY', value: 'gateway-key', setBy: 'op' })
  await secrets.set({ name: 'TRACKER', user: 'bob', value: 'token-of-bob', setBy: 'bob' })
  const [ana, bob, eve, nobody] = await Promise.all(['ana', 'bob', 'eve', undefined].map(shown))
  assert.deepEqual(ana, { allowed: true, value: { authorization: 'Bearer token-of-ana', 'x-gateway': 'gateway-key' } })
  assert.deepEqual(bob, { allowed: true, value: { authorization: 'Bearer token-of-bob', 'x-gateway': 'gateway-key' } })
  assert.ok(eve && !eve.allowed && eve.denial.reason === 'not_connected')
  assert.ok(nobody && !nobody.allowed && nobody.denial.reason === 'not_permitted')
  const again = credentials.present(as('ana'))
  assert.ok(!(again instanceof Promise), 'it is known')
  assert.deepEqual(again, ana)
  await secrets.set({ name: 'TRACKER', user: 'ana', value: 'another-of-ana', setBy: 'ana' })
  assert.deepEqual(await shown('ana'), { allowed: true, value: { authorization: 'Bearer another-of-ana', 'x-gateway': 'gateway-key' } })
  // Two changes before anybody asks: both count.
  await secrets.remove('TRACKER', 'ana')
  await secrets.set({ name: 'TRACKER', user: 'bob', value: 'another-of-bob', setBy: 'bob' })
  assert.ok(!(await shown('ana')).allowed)
  assert.deepEqual(await shown('bob'), { allowed: true, value: { authorization: 'Bearer another-of-bob', 'x-gateway': 'gateway-key' } })
  assert.ok((await secrets.find('TRACKER', 'bob'))?.lastUsedAt)
  assert.ok(!log().includes('token-of'))
})

test('the gateway itself asks as the first who can, and an account that is gone cannot', async () => {
  const { secrets, book, clock } = start()
  const templates: Templates = { authorization: [{ secret: 'TRACKER', of: 'person' }] }
  const { credentials } = createSecretHeaders({ server: 's', templates, book, accountBase: () => undefined, clock, log: () => {} })
  for (const user of ['gone', 'zoe', 'bob']) await secrets.set({ name: 'TRACKER', user, value: `token-of-${user}`, setBy: 'op' })
  assert.deepEqual(await credentials.present(undefined), { allowed: true, value: { authorization: 'token-of-bob' } })
  const gone = await credentials.present(as('gone'))
  assert.ok(!gone.allowed && gone.denial.reason === 'not_permitted', 'there is no page to send anybody to')
})

test('what is refused upstream is told, unless another was set meanwhile; what no header can carry is not sent', async () => {
  const { secrets, book, log, clock } = start()
  const templates: Templates = { authorization: [{ secret: 'TRACKER', of: 'person' }] }
  const { credentials } = createSecretHeaders({ server: 's', templates, book, accountBase: () => 'http://g.test', clock, log: () => {} })
  await secrets.set({ name: 'TRACKER', user: 'ana', value: 'token-of-ana', setBy: 'ana' })
  const old = await credentials.present(as('ana'))
  assert.ok(old.allowed)
  const refused = await credentials.renew(as('ana'), old.value, '')
  assert.ok(refused && !refused.allowed && refused.denial.reason === 'not_connected')
  assert.match(refused.denial.sentence, /does not take your TRACKER/)
  await secrets.set({ name: 'TRACKER', user: 'ana', value: 'newer-of-ana', setBy: 'ana' })
  assert.deepEqual(await credentials.renew(as('ana'), old.value, ''), { allowed: true, value: { authorization: 'newer-of-ana' } })
  await secrets.set({ name: 'TRACKER', user: 'ana', value: 'two\r\nx-admin: 1', setBy: 'ana' })
  assert.ok(!(await credentials.present(as('ana'))).allowed)
  assert.ok(!log().includes('x-admin'))
})

test('a process that all share waits for its secret, is handed it when it is set, and is started again when it changes', async () => {
  const { secrets, book, clock } = start()
  const redactor = createRedactor()
  const { upstream, personal } = createSecretUpstream({
    config: {
      id: 's',
      target: {
        command: process.execPath,
        args: [join(ROOT, 'test', 'fixtures', 'identity-server.ts'), folder.path],
        cwd: folder.path,
        env: { TOKEN: 'token-of-gateway' },
      },
    },
    templates: { SHARED: ['key ', { secret: 'GATEWAY', of: 'everybody' }] },
    book,
    accountBase: () => undefined,
    client: { name: 'test', version: '0' },
    log: () => {},
    redactor,
    clock,
    random: () => 1,
    stale: () => {},
  })
  const starts = (): { pid: number; shared: string }[] =>
    readFileSync(join(folder.path, 'starts'), { encoding: 'utf8', flag: 'a+' })
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  const call = (name: string) =>
    upstream.call({
      method: 'tools/call',
      params: { name, arguments: {} },
      mirrors: [],
      deadlineAt: clock() + 20_000,
      caller: callerWith(),
    })
  try {
    await upstream.start()
    assert.equal(personal, undefined)
    assert.equal(upstream.state, 'down')
    assert.equal(upstream.problem, 'it waits for the secret GATEWAY, which is not set: sallyport secret set GATEWAY')
    assert.deepEqual(starts(), [])
    await secrets.set({ name: 'GATEWAY', value: 'gateway-key-1', setBy: 'op' })
    await until('it to start', () => upstream.state === 'ready')
    assert.deepEqual(
      starts().map(({ shared }) => shared),
      ['key gateway-key-1'],
    )
    // A call that runs ends in the old one; those that come meanwhile wait for the new one.
    const running = Promise.all(Array.from({ length: 20 }, () => call('slowly')))
    await secrets.set({ name: 'GATEWAY', value: 'gateway-key-2', setBy: 'op' })
    for (const answer of await running) assert.ok(answer.allowed)
    await until('the second start', () => starts().length === 2)
    const after = await call('whoami')
    assert.ok(after.allowed)
    assert.equal(starts().at(-1)?.shared, 'key gateway-key-2')
    // The same again changes nothing.
    await secrets.set({ name: 'GATEWAY', value: 'gateway-key-2', setBy: 'op' })
    await secrets.set({ name: 'ANOTHER', value: 'gateway-key-3', setBy: 'op' })
    await call('slowly')
    assert.equal(starts().length, 2)
    await secrets.remove('GATEWAY')
    await until('it to wait again', () => upstream.state === 'down' && /waits for the secret GATEWAY/.test(upstream.problem ?? ''))
    assert.equal(starts().length, 2)
  } finally {
    await upstream.close()
    book.close()
  }
})

test('a person sets what the configuration asks for, and nothing else; the value never comes back', async () => {
  const { secrets, book } = start()
  const [tracker, ...others] = createSecretConnectables({
    servers: [{ id: 'a', named: TOKEN }, { id: 'b', named: { T: [{ secret: 'TRACKER', of: 'person' }] } }, { id: 'c' }],
    secrets,
    book,
  })
  assert.deepEqual(others, [])
  assert.ok(tracker?.setSecret)
  const shown = { id: 'secret.TRACKER', kind: 'secret', title: 'TRACKER', servers: ['a', 'b'] }
  assert.deepEqual(await tracker.look('ana'), { ...shown, state: 'missing' })
  assert.match((await tracker.setSecret('ana', ' short '))?.problem ?? '', /at least 8 characters/)
  assert.equal(await tracker.setSecret('ana', '  token-of-ana\r\n'), undefined)
  assert.equal((await secrets.open('TRACKER', 'ana'))?.value, 'token-of-ana')
  const looked = await tracker.look('ana')
  assert.equal(looked?.state, 'connected')
  assert.ok(!JSON.stringify(looked).includes('token-of-ana'))
  assert.equal((await tracker.look('bob'))?.state, 'missing')
  assert.equal(await tracker.end('bob'), false)
  assert.equal(await tracker.end('ana'), true)
  assert.equal((await tracker.look('ana'))?.state, 'missing')
  await secrets.set({ name: 'TRACKER', user: 'gone', value: 'token-of-gone', setBy: 'op' })
  assert.equal((await tracker.look('gone'))?.state, 'missing', 'an account of that name that comes later finds nothing of it')
})
