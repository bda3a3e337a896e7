// T24: a server of the configuration is started as it was accepted, or not at all: who changes its entry gets nothing started that
// nobody has looked at.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createRedactor, silentLog } from '../../src/core/index.ts'
import { createGuard, type Guard, loadConfig } from '../../src/gateway/index.ts'
import type { LaunchQuestion } from '../../src/gateway/launch/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { verifies } from '../requirements.ts'
import { createWitness, type Witness } from '../support/gateway.ts'
import { createTempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('T24')

interface Place extends AsyncDisposable {
  readonly folder: string
  readonly witness: Witness
  /** Starts a guard with these entries, and ends it when it is ready; answers how its servers are. */
  start(entries: Readonly<Record<string, object>>, options?: Options): Promise<Readonly<Record<string, string | undefined>>>
  open(entries: Readonly<Record<string, object>>, options?: Options): Promise<Guard>
  lock(): { servers: Record<string, { launch: Record<string, unknown> }> }
  /** How often it was started. */
  starts(): number
}
interface Options {
  readonly ask?: (question: LaunchQuestion) => boolean
  readonly accept?: boolean
  readonly env?: Readonly<Record<string, string>>
}

async function createPlace(): Promise<Place> {
  const folder = await createTempDir('t24')
  const witness = createWitness(folder.path, 'notes', { era: 'legacy', name: 'notes', tools: [tool('look')] })
  const file = join(folder.path, 'sallyport.yaml')
  const open: Place['open'] = async (servers, { ask, accept = false, env = {} } = {}) => {
    writeFileSync(file, JSON.stringify({ listen: 0, servers, auth: { cimd: 'off' } }))
    return createGuard({
      config: loadConfig({ file, cwd: folder.path, env, flags: { dataDir: join(folder.path, 'data') } }),
      version: '0.0.0',
      log: silentLog,
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
    lock: () => JSON.parse(readFileSync(join(folder.path, 'sallyport.lock'), 'utf8')),
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
    const other = createWitness(place.folder, 'other', { era: 'legacy', name: 'other', tools: [tool('see')] })
    const entries = { notes: { ...place.witness.entry, sandbox: unkept }, other: { ...other.entry, sandbox: unkept } }
    await place.start(entries)
    const changed = { ...entries, notes: { ...entries.notes, env: { EXTRA: '1' } } }
    const guard = await place.open(changed)
    try {
      await guard.ready
      const states = (): string[] => guard.status().map(({ state }) => state)
      assert.deepEqual(states(), ['down', 'ready'])
      assert.match(guard.status()[0]?.error ?? '', /^it is started otherwise than was accepted: env\.EXTRA\. .*sallyport pin accept notes$/)
      assert.equal(place.starts(), 1)
      // As `sallyport pin accept notes` does it, in another process.
      const lock = place.lock()
      lock.servers['notes'] = { ...lock.servers['notes'], launch: { ...lock.servers['notes']?.launch, env: { EXTRA: '1' } } }
      writeFileSync(join(place.folder, 'sallyport.lock'), JSON.stringify(lock))
      await until('it is started', () => states()[0] === 'ready', 20_000)
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

/** Settles without starting anything. */
async function settler(place: Place): Promise<{ settle(servers: object): Promise<void> }> {
  const { createLaunches, openLockFile } = await import('../../src/gateway/index.ts')
  const file = join(place.folder, 'sallyport.yaml')
  return {
    async settle(servers) {
      writeFileSync(file, JSON.stringify({ servers }))
      const config = loadConfig({ file, cwd: place.folder, env: {} })
      await createLaunches({
        servers: config.servers,
        lock: openLockFile(join(place.folder, 'sallyport.lock')),
        packagesDir: join(place.folder, 'packages'),
        log: silentLog,
        clock: Date.now,
      }).settle()
    },
  }
}
