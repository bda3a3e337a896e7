/** A process for each person, with real children: whose it is, when it begins, changes and ends, and how many there may be. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { createLog, createRedactor, type Decision, type Principal, type Produced } from '../../src/core/index.ts'
import { createPeopleProcesses, type PeopleProcessesOptions } from '../../src/gateway/each-person/people-processes.ts'
import { createSecretBook } from '../../src/gateway/secrets/book.ts'
import type { Upstream } from '../../src/gateway/upstream/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryVault, createNamedSecrets, type NamedSecrets } from '../../src/vault/index.ts'
import { callerWith, somebody } from '../fixtures/start-upstream.ts'
import { verifies } from '../requirements.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('own-secrets')

interface Rig {
  readonly upstream: Upstream
  readonly secrets: NamedSecrets
  readonly time: { offset: number }
  /** Those that have an account; each was made at 0. */
  readonly accounts: Map<string, { since: number }>
  call(user: string | undefined, name?: string, more?: object): Promise<Decision<Produced>>
  set(user: string | undefined, value: string, name?: string): Promise<void>
  starts(): readonly { pid: number; argv: string[]; token: string; shared: string }[]
  log(): string
}

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function start(options: Partial<PeopleProcessesOptions> = {}, before: readonly string[] = []): Promise<Rig> {
  const folder = await createTempDir('per-person')
  const time = { offset: 0 }
  const clock = (): number => Date.now() + time.offset
  const store = createMemoryStore({ clock })
  const secrets = createNamedSecrets({ store, vault: createMemoryVault(), clock })
  const accounts = new Map(['ana', 'bob', 'eve'].map((name) => [name, { since: 0 }]))
  const redactor = createRedactor()
  let logged = ''
  const log = createLog({ level: 'debug', pretty: false, redactor, write: (line) => void (logged += line) })
  const get = async (name: string) => accounts.get(name)
  const book = createSecretBook({ secrets, accounts: { get }, redactor, log })
  const set: Rig['set'] = async (user, value, name = 'TRACKER') => {
    assert.equal(await secrets.set({ name, user, value, setBy: 'test' }), undefined)
  }
  for (const user of before) await set(user, `token-of-${user}`)
  const upstream = createPeopleProcesses({
    server: 'tracker',
    target: {
      command: process.execPath,
      args: [join(ROOT, 'test', 'fixtures', 'identity-server.ts'), folder.path],
      cwd: folder.path,
      env: {},
    },
    templates: { TOKEN: [{ secret: 'TRACKER', of: 'person' }] },
    book,
    accountBase: () => 'http://localhost:7777',
    client: { name: 'test', version: '0' },
    log,
    redactor,
    clock,
    stale: () => {},
    ...options,
  })
  await upstream.start()
  open.push(async () => {
    await upstream.close()
    book.close()
    await folder.remove()
  })
  return {
    upstream,
    secrets,
    time,
    accounts,
    set,
    call: (user, name = 'whoami', more = {}) =>
      upstream.call({
        method: 'tools/call',
        params: { name, arguments: {} },
        mirrors: [],
        deadlineAt: clock() + 20_000,
        caller: callerWith({ principal: { ...somebody, user, ...more } as Principal }),
      }),
    starts() {
      const file = join(folder.path, 'starts')
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
      return lines.map((line) => JSON.parse(line))
    },
    log: () => logged,
  }
}

const textOf = (answer: Decision<Produced>): string => {
  if (!answer.allowed) return `${answer.denial.reason}: ${'sentence' in answer.denial ? answer.denial.sentence : ''}`
  assert.ok(answer.value.kind === 'result')
  const [content] = answer.value.result['content'] as { text: string }[]
  return content?.text ?? ''
}
const pidOf = (answer: Decision<Produced>): number => Number(textOf(answer).split(' ')[1])
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('who has set nothing starts nothing, and is told where to', async () => {
  const { upstream, call, starts } = await start()
  const answer = await call('ana')
  assert.deepEqual(answer, {
    allowed: false,
    denial: {
      reason: 'not_connected',
      sentence: 'The server tracker needs you to set a TRACKER of your own.',
      url: 'http://localhost:7777/account/connections/secret.TRACKER',
    },
  })
  assert.deepEqual(starts(), [])
  assert.equal(upstream.state, 'down')
  assert.match(upstream.problem ?? '', /^nobody has set TRACKER yet: .*sallyport secret set TRACKER --user NAME$/)
})

test('a credential that is no person’s starts nothing, whatever is set', async () => {
  const { call, starts, set } = await start()
  await set(undefined, 'token-of-everybody')
  assert.match(textOf(await call(undefined)), /^not_permitted: .* this credential is nobody’s/)
  assert.deepEqual(starts(), [])
})

test('each person has a process of their own, which stays for their next call', async () => {
  const { call, starts, upstream } = await start({}, ['ana', 'bob'])
  const answers = await Promise.all(['ana', 'bob', 'ana', 'bob', 'ana'].map((user) => call(user)))
  assert.deepEqual(
    answers.map((answer) => textOf(answer).split(' ')[0]),
    ['ana', 'bob', 'ana', 'bob', 'ana'],
  )
  assert.equal(new Set(answers.map(pidOf)).size, 2)
  assert.equal(pidOf(await call('ana')), pidOf(answers[0] as Decision<Produced>))
  assert.equal(starts().length, 2)
  // What it offers was read from the first, and the token is in nobody's arguments.
  assert.equal(upstream.state, 'ready')
  assert.ok(starts().every(({ argv }) => !JSON.stringify(argv).includes('token-of')))
})

test('once the first person has set theirs, what it offers is known', async () => {
  const stale: unknown[] = []
  const { upstream, set, starts } = await start({ stale: (kinds) => void stale.push(kinds) })
  assert.equal(upstream.session, undefined)
  await set('bob', 'token-of-bob')
  await until('its lists', () => upstream.session !== undefined)
  assert.equal(upstream.state, 'ready')
  assert.deepEqual(stale, [['tools', 'prompts', 'resources']])
  assert.equal(starts().length, 1)
  const listed = await upstream.ask('tools/list', {}, 5000)
  assert.ok(listed.allowed && listed.value.kind === 'result')
})

test('somebody whose secret it does not start with keeps nobody else from seeing what it offers', async () => {
  const { upstream, set, call } = await start()
  await set('ana', 'a-token-that-is-bad')
  await until('it to fail', () => /its last words/.test(upstream.problem ?? ''))
  assert.ok(!upstream.problem?.includes('a-token'))
  await set('bob', 'token-of-bob')
  await until('its lists', () => upstream.session !== undefined)
  assert.match(textOf(await call('bob')), /^bob /)
})

test('another secret is another process: calls that run may end, the next ones go to the new one', async () => {
  const { call, set, starts } = await start({}, ['ana'])
  const before = pidOf(await call('ana'))
  const running = call('ana', 'slowly')
  await set('ana', 'other-token-of-ana')
  assert.equal(pidOf(await running), before)
  await until('the old one to go', () => !isAlive(before))
  const after = await call('ana')
  assert.notEqual(pidOf(after), before)
  assert.equal(starts().at(-1)?.token, 'other-token-of-ana')
})

test('a secret that is taken back ends its process at once, and only that', async () => {
  const { call, secrets } = await start({}, ['ana', 'bob'])
  const [ana, bob] = [pidOf(await call('ana')), pidOf(await call('bob'))]
  const waiting = call('ana', 'never')
  await secrets.remove('TRACKER', 'ana')
  assert.match(textOf(await waiting), /^upstream_unavailable: The server tracker stopped/)
  await until('it to go', () => !isAlive(ana))
  assert.match(textOf(await call('ana')), /^not_connected/)
  assert.equal(pidOf(await call('bob')), bob)
})

test('what was set for an account that is gone, or made anew under the same name, starts nothing', async () => {
  const { call, accounts, starts, set } = await start({}, ['ana'])
  const before = starts().length
  accounts.delete('bob')
  await set('bob', 'token-of-bob')
  assert.match(textOf(await call('bob')), /^not_connected/)
  accounts.set('bob', { since: Date.now() + 60_000 })
  assert.match(textOf(await call('bob')), /^not_connected/)
  assert.equal(starts().length, before)
  // Whom another issuer vouches for has no account here.
  await set('https://issuer.example#bob', 'token-of-other')
  assert.match(textOf(await call('https://issuer.example#bob')), /^other /)
})

test('a process that has had nothing to do for ten minutes is ended, and what it offers stays known', async () => {
  const { call, time, upstream } = await start({ idleSeconds: 1 }, ['ana', 'bob'])
  const [ana, bob] = [pidOf(await call('ana')), pidOf(await call('bob'))]
  await until('both to go', () => !isAlive(ana) && !isAlive(bob), 8000)
  assert.equal(upstream.state, 'ready')
  assert.ok(upstream.session)
  time.offset += 1000
  assert.notEqual(pidOf(await call('ana')), ana)
})

test('there are only so many: the one that was idle longest makes room, and while all are busy nobody else starts one', async () => {
  const { call, starts } = await start({ processes: 2 }, ['ana', 'bob', 'eve'])
  const ana = pidOf(await call('ana'))
  const bob = pidOf(await call('bob'))
  const eve = pidOf(await call('eve'))
  assert.ok(!isAlive(ana), 'it is gone before the next one is there')
  assert.ok(isAlive(bob) && isAlive(eve))
  void call('bob', 'never')
  void call('eve', 'never')
  assert.match(textOf(await call('ana')), /^upstream_unavailable: The server tracker runs as many processes as it may/)
  assert.equal(starts().length, 3)
})

test('what one person’s secret does to it is that person’s alone: a token that is not taken is told, and never shown', async () => {
  const { call, set, log } = await start({}, ['ana'])
  await set('bob', 'a-token-that-is-bad')
  assert.match(textOf(await call('bob')), /^upstream_unavailable: The server tracker did not start with your TRACKER\./)
  assert.match(textOf(await call('ana')), /^ana /)
  await call('ana', 'leak')
  await until('its stderr', () => log().includes('it is [redacted]'))
  assert.ok(!log().includes('a-token-that') && !log().includes('token-of-ana'), log())
})
