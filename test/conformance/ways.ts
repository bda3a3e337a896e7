// The ways in which the suite reaches the server of `our-server.ts`. It knows no credentials, so that a proxy adds a key where one is
// needed.
//
//   direct         ─▶ the server, which asks nobody to sign in
//   key            ─▶ proxy ─▶ the server, which does
//   gateway-http   ─▶ proxy ─▶ guard ─▶ HTTP ─▶ the server
//   gateway-stdio  ─▶ proxy ─▶ guard ─▶ stdio ─▶ the server

import { join } from 'node:path'
import { createApiKeys } from '../../src/oauth/index.ts'
import { openData } from '../../src/vault/index.ts'
import { ALL_SCOPES, createTempDir, createTokenProxy, firstLine, ROOT, start, startGuard, stop, withBin } from '../support/index.ts'
import { grantedFlags } from '../support/sandbox.ts'

export const WAYS = ['direct', 'key', 'gateway-http', 'gateway-stdio'] as const
export type Way = (typeof WAYS)[number]

const SERVER = join(ROOT, 'test', 'conformance', 'our-server.ts')
/** It is more than its own package: it is made of ours. */
const SOURCES = grantedFlags({ read: ['package.json', 'src', 'test', 'scripts'].map((name) => join(ROOT, name)) })
// The suite sends some hundred requests in a few seconds; what is tested here is the protocol, not the limits.
const PLENTY = { max: 100_000 }
/** Of the guard. */
export const CONFIG = { limits: { address: PLENTY, principal: PLENTY, client: PLENTY, tool: PLENTY } }

/** Where the suite is sent, for as long as that is not disposed of. */
export function open(way: Way): Promise<AsyncDisposable & { readonly url: string }> {
  return inTurn(async () => {
    await using opening = new AsyncDisposableStack()
    const url = await opener[way](opening)
    const kept = opening.move()
    return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  })
}

let last: Promise<unknown> = Promise.resolve()

/** Servers start one after the other: one of many that start at once could take longer than a guard waits to hear which era it is of. */
export function inTurn<T>(start: () => Promise<T>): Promise<T> {
  const started = last.then(start)
  last = started.catch(() => {})
  return started
}

const opener: Record<Way, (opening: AsyncDisposableStack) => Promise<string>> = {
  direct: startServer,
  async key(opening) {
    const folder = await createTempDir('conformance-key')
    opening.defer(folder.remove)
    const data = await openData({ dataDir: folder.path })
    const { key } = await createApiKeys({ ...data, clock: Date.now }).create({
      name: 'suite',
      scopes: ALL_SCOPES,
      createdBy: 'suite',
      expiresInDays: 1,
    })
    await data.store.close()
    const target = await startServer(opening, '--auth', '--data-dir', folder.path)
    return opening.use(await createTokenProxy({ target, token: key })).url
  },
  'gateway-http': async (opening) => startGateway(opening, [await startServer(opening)]),
  'gateway-stdio': (opening) => startGateway(opening, [...SOURCES, '--', process.execPath, SERVER, '--stdio']),
}

/** The server of `our-server.ts`, in a process of its own. */
export async function startServer(opening: AsyncDisposableStack, ...flags: string[]): Promise<string> {
  const child = start(process.execPath, [SERVER, ...flags], { env: withBin(), stdio: ['ignore', 'pipe', 'pipe'] })
  opening.defer(() => stop(child.process))
  return (JSON.parse(await firstLine(child, 60_000)) as { url: string }).url
}

async function startGateway(opening: AsyncDisposableStack, args: readonly string[]): Promise<string> {
  const guard = opening.use(await startGuard({ args, config: CONFIG }))
  return opening.use(await createTokenProxy({ target: guard.url, token: await guard.key() })).url
}
