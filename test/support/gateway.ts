/**
 * The whole guard in the test's own process, over upstreams that the test names: real data directory, real sign-in, real
 * keys. What the command line would do beside it goes through a second connection to the same data.
 *
 * @module
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createLog, createRedactor } from '../../src/core/index.ts'
import { createGuard, type Guard, loadConfig } from '../../src/gateway/index.ts'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import type { AuditRecord } from '../../src/storage/index.ts'
import { type Data, openData } from '../../src/vault/index.ts'
import type { Spec } from '../fixtures/attacks/behaviour.ts'
import { ANA, connect, type SignedIn } from './authorization.ts'
import { readInNoTime } from './browser.ts'
import { type Finished, run } from './child.ts'
import { ALL_SCOPES, SALLYPORT } from './guard.ts'
import { createTempDir } from './paths.ts'
import { granted } from './sandbox.ts'

export interface GatewayOptions {
  /** As in `sallyport.yaml`; a function is given the folder for what the test's servers keep. */
  readonly servers: Readonly<Record<string, object>> | ((folder: string) => Readonly<Record<string, object>>)
  /** Further keys of `sallyport.yaml`. */
  readonly config?: object
  readonly classify?: boolean
  /** Of an earlier one that was stopped, which goes on in this one and removes it in the end. */
  readonly folder?: string
}

export interface Gateway extends AsyncDisposable {
  readonly url: string
  readonly issuer: string
  /** The MCP endpoint: what tokens are for. */
  readonly resource: string
  readonly folder: string
  readonly dataDir: string
  readonly data: Data
  readonly guard: Guard
  log(): string
  key(scopes?: readonly string[], expiresInDays?: number): Promise<{ readonly id: string; readonly key: string }>
  /** Registers a client, signs in with a browser, agrees, and redeems the code. */
  signIn(scopes?: readonly string[]): Promise<SignedIn>
  token(scopes?: readonly string[]): Promise<string>
  /** Every audit record so far, the oldest first; waits until no more come. */
  records(): Promise<readonly AuditRecord[]>
  /** Moves the guard's clock. */
  advance(milliseconds: number): void
  /** `sallyport ARGS --data-dir DIR`, in a process of its own. */
  cli(...args: string[]): Promise<Finished>
  /** Ends the guard; the data stays open. */
  stop(): Promise<void>
}

export async function startGateway({ servers, config: more = {}, classify = false, folder: earlier }: GatewayOptions): Promise<Gateway> {
  const folder = earlier === undefined ? await createTempDir('gateway') : { path: earlier, remove: async () => {} }
  const dataDir = join(folder.path, 'data')
  const file = join(folder.path, 'sallyport.yaml')
  writeFileSync(
    file,
    JSON.stringify({ listen: 0, servers: typeof servers === 'function' ? servers(folder.path) : servers, auth: { cimd: 'off' }, ...more }),
  )
  let offset = 0
  let logged = ''
  const redactor = createRedactor()
  const log = createLog({ level: 'debug', pretty: false, redactor, write: (line) => void (logged += line) })
  /** The records that are stored one by one, whatever else is refused: floods of strangers are counted (`guards/audit-folding`). */
  const decided = new Set<string>()
  const guard = await createGuard({
    config: loadConfig({ file, cwd: folder.path, env: {}, flags: { dataDir } }),
    classify,
    version: '0.0.0',
    log,
    redactor,
    clock: () => Date.now() + offset,
    onRecord: ({ id, decision, subject, action }) => {
      if (decision !== 'deny' || subject !== undefined || action === 'sandbox.connect') decided.add(id)
    },
  })
  await guard.ready
  const data = await openData({ dataDir })
  const keys = createApiKeys({ ...data, clock: Date.now })
  const accounts = createAccounts({ store: data.store, clock: Date.now })
  let hasAccount = false
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= guard.close())
  const resource = guard.url
  const advance = (milliseconds: number): void => void (offset += milliseconds)
  readInNoTime(guard.issuer, advance)

  async function signIn(scopes: readonly string[] = ALL_SCOPES): Promise<SignedIn> {
    if (!hasAccount) await accounts.create(ANA)
    hasAccount = true
    return connect({ issuer: guard.issuer, resource }, { changes: { scope: scopes.join(' ') } })
  }

  return {
    url: guard.url,
    issuer: guard.issuer,
    resource,
    folder: folder.path,
    dataDir,
    data,
    guard,
    log: () => logged,
    key: (scopes = ALL_SCOPES, expiresInDays = 90) => keys.create({ name: 'test', scopes, createdBy: 'test', expiresInDays }),
    signIn,
    token: async (scopes) => (await signIn(scopes)).tokens.access_token,
    async records() {
      // They are stored together, a moment after the answers: all have come when those decided are there, unless they have been dropped since,
      // and no more come for a while.
      for (let before = -1, quiet = 0; ; ) {
        const found = await data.store.audit.search({ limit: 10_000 })
        const stored = new Set(found.map(({ record }) => record.id))
        const isComplete = [...decided].every((id) => stored.has(id))
        quiet = found.length === before ? quiet + 1 : 0
        if (quiet >= (isComplete ? 2 : 40)) return found.map(({ record }) => record).reverse()
        before = found.length
        await delay(150)
      }
    },
    advance,
    cli: (...args) => run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir], { cwd: folder.path }),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await data.store.close()
      await folder.remove()
    },
  }
}

const WITNESS = join(import.meta.dirname, '..', 'fixtures', 'attacks', 'witness.ts')

export interface Witness {
  /** For `servers` of the configuration. */
  readonly entry: { readonly command: string; readonly args: readonly string[]; readonly sandbox: object }
  /** Every byte that it was sent. */
  received(): string
  /** The messages among them. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every shape
  messages(): any[]
  starts(): { readonly pid: number; readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }[]
  /** What it has from its next start or `reload` on. */
  become(spec: Spec): void
}

/** A child process that writes down what it is given (`test/fixtures/attacks/witness.ts`), in a folder of its own. */
export function createWitness(parent: string, name: string, spec: Spec): Witness {
  const folder = join(parent, `witness-${name}`)
  mkdirSync(folder, { recursive: true })
  const become = (next: Spec): void => writeFileSync(join(folder, 'spec.json'), JSON.stringify(next))
  become(spec)
  const lines = (file: string): string[] => {
    const path = join(folder, file)
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []
  }
  appendFileSync(join(folder, 'received'), '')
  return {
    entry: { command: process.execPath, args: [WITNESS, folder], sandbox: granted({ write: [folder] }) },
    received: () => readFileSync(join(folder, 'received'), 'utf8'),
    messages: () => lines('received').map((line) => JSON.parse(line)),
    starts: () => lines('starts').map((line) => JSON.parse(line)),
    become,
  }
}

/** The text of a tool's answer. */
export const said = (answer: { readonly result: { readonly content: readonly { readonly text: string }[] } }): string =>
  answer.result?.content?.[0]?.text ?? ''
