/**
 * One lie told to our client, by a server or an authorization server that is otherwise honest: what becomes of signing in, listing the
 * tools and calling one. Whatever the lie, the client ends in time with a result or an error of a closed set; nothing secret is in an
 * error, a line of the log or what `inspect` shows; and nobody else hears of anything.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { inspect } from 'node:util'
import { AuthorizationError, MCPClient, type MCPClientOptions, MCPRequestError, TransportError, TrustError } from '../../src/index.ts'
import { AnyAnswer, startWorld, type World, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { REDIRECT_URI, signInTo } from './client.ts'
import type { Json } from './sse.ts'

/** Counts connections, not requests: a name that was only dialled has already said too much. */
export interface Canary extends AsyncDisposable {
  readonly port: number
  readonly url: string
  connections(): number
}

export async function startCanary(): Promise<Canary> {
  let connections = 0
  const listen = (host: string, port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        connections++
        socket.destroy()
      })
      server.once('error', reject).listen(port, host, () => resolve(server))
    })
  const first = await listen('127.0.0.1', 0)
  const { port } = first.address() as { port: number }
  const servers = [first, await listen('::1', port).catch(() => undefined)]
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const server of servers) await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
    },
  }
}

/** `Class code` of an error that a program can tell apart; anything else is a fault of ours. */
function toClosed(error: unknown): string {
  assert.ok(error instanceof Error, `thrown: ${inspect(error)}`)
  if (error instanceof MCPRequestError) {
    assert.ok(Number.isInteger(error.code), `MCPRequestError with the code ${error.code}`)
    return 'MCPRequestError'
  }
  assert.ok(
    error instanceof AuthorizationError || error instanceof TransportError || error instanceof TrustError,
    `no error of ours: ${inspect(error)}`,
  )
  return `${error.name} ${error.code}`
}

export interface Heard {
  /** What came of it, step by step; the first error ends it. */
  readonly outcome: string
  readonly world: World
}

const BEARER = /(?:access|refresh)-[0-9a-f]{8,}/
const DEADLINE_MS = 90_000

/** Everything secret that went over the wire. */
export function secretsOf(world: Pick<World, 'seen' | 'clients'>): string[] {
  const found = new Set<string>([...world.clients.values()].filter((secret) => secret !== undefined))
  for (const { text, path, headers } of world.seen) {
    for (const parameters of [new URLSearchParams(text), new URL(path, 'http://x').searchParams])
      for (const name of ['code', 'code_verifier', 'refresh_token', 'client_secret', 'assertion', 'client_assertion', 'subject_token'])
        for (const value of parameters.getAll(name)) if (value.length >= 8) found.add(value)
    for (const name of ['authorization', 'x-api-key', 'dpop']) {
      const value = String(headers[name] ?? '')
      if (value !== '') found.add(value.replace(/^\w+ /, ''))
    }
  }
  return [...found]
}

export function assertSilent(shown: string, world: Pick<World, 'seen' | 'clients'>): void {
  assert.doesNotMatch(shown, BEARER)
  for (const secret of secretsOf(world)) assert.ok(!shown.includes(secret), `${secret} is shown:\n${shown}`)
}

export interface LieOptions {
  readonly world?: WorldOptions
  readonly client?: Partial<MCPClientOptions>
  /** After the sign-in; lists the tools and calls one unless told. */
  readonly use?: (client: MCPClient, world: World) => Promise<unknown>
}

export async function hear({ world: lies = {}, client: options = {}, use = listAndCall }: LieOptions): Promise<Heard> {
  await using world = await startWorld(lies)
  const lines: unknown[] = []
  const client = new MCPClient({
    serverUrl: world.serverUrl,
    auth: { type: 'oauth2' },
    requestTimeoutSeconds: 20,
    maxMessageBytes: 100_000,
    log: (...line) => lines.push(line),
    ...options,
  })
  const shown: string[] = []
  let outcome = 'ends well'
  const work = (async () => {
    if (options.auth === undefined) await signInTo(world, client)
    await use(client, world)
  })()
  try {
    await within(work)
  } catch (error) {
    outcome = toClosed(error)
    shown.push(inspect(error, { depth: 20, showHidden: true }), String((error as Error).stack))
  }
  await within(client.close())
  shown.push(inspect(client, { depth: 20, showHidden: true }), inspect(lines, { depth: 20 }), JSON.stringify(client))
  assertSilent(shown.join('\n'), world)
  return { outcome, world }
}

async function listAndCall(client: MCPClient): Promise<void> {
  await client.listTools()
  await client.callTool('echo', { text: 'hello' })
}

async function within(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: 'the client hangs' })), DEADLINE_MS)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** A document with one member said otherwise; `undefined` leaves it out. */
export const say =
  (member: string, value: unknown) =>
  (document: Json): Json => ({ ...document, [member]: value })

/** A document as text, one member in it written by hand: what no object can hold, such as a key that is there twice. */
export const write =
  (text: string) =>
  (document: Json): AnyAnswer =>
    new AnyAnswer({ body: JSON.stringify(document).replace(/^\{/, `{${text},`) })

export { REDIRECT_URI }
