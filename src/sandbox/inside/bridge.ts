/**
 * The bridge: runs inside a sandbox, where there is no network but its own loopback, and leads what connects to it to the proxy outside.
 * At one address it is a proxy, for programs that know of one; at each other it is the host that `/etc/hosts` names there, for programs
 * that do not. It decides nothing and is trusted by nobody: whatever it asks for, the proxy judges.
 *
 * Needs nothing but Node: it is one of the few files that are seen inside.
 *
 * @module
 */

import { connect, createServer, type Server, type Socket } from 'node:net'

/** The name under which its settings are in the environment. */
export const BRIDGE_VARIABLE = 'SALLYPORT_BRIDGE'

/** What it has to know. */
export interface BridgeSettings {
  /** Where the proxy's socket is, as it is seen inside. */
  readonly socket: string
  /** What the proxy is shown. It opens this one socket and nothing else; still it is handed on in the environment, not in arguments. */
  readonly key: string
  /** Where it listens inside, and where that leads. Without `target` it is a proxy, for programs that know of one. */
  readonly listen: readonly { readonly address: string; readonly port: number; readonly target?: string }[]
}

/** Starts the one that this process was given, if it was; and takes it out of the environment. */
export async function startOwnBridge(): Promise<void> {
  const settings = process.env[BRIDGE_VARIABLE]
  delete process.env[BRIDGE_VARIABLE]
  if (settings !== undefined) await startBridge(JSON.parse(settings) as BridgeSettings)
}

/** As much as our own proxy answers to CONNECT. */
const MAX_ANSWER = 8192

/** Resolves when all that can be listened on is listened on: where a low port cannot, the proxy is still there. */
async function startBridge({ socket: path, key, listen }: BridgeSettings): Promise<void> {
  const listening = listen.map(({ address, port, target }) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (inner) => {
      inner.on('error', () => {})
      const outer = connect({ path, allowHalfOpen: true })
      outer.on('error', () => inner.destroy())
      outer.write(`${key}\n`)
      if (target === undefined) pass(inner, outer)
      else lead(inner, outer, target)
    })
    return started(server, address, port)
  })
  await Promise.all(listening)
}

function started(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    server.once('error', () => resolve())
    server.listen({ host, port }, () => {
      // It is there for what else runs, and for no longer.
      server.unref()
      resolve()
    })
  })
}

/** To one host: the proxy is asked for it, and what was said meanwhile waits. */
function lead(inner: Socket, outer: Socket, target: string): void {
  outer.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
  let answer = Buffer.alloc(0)
  inner.once('close', () => outer.destroy())
  outer.on('data', function read(bytes: Buffer) {
    answer = Buffer.concat([answer, bytes])
    const end = answer.indexOf('\r\n\r\n')
    if (end === -1 && answer.length < MAX_ANSWER) return
    outer.off('data', read).pause()
    // Refused: as a host refuses.
    if (!answer.toString('latin1', 0, 13).startsWith('HTTP/1.1 200 ')) {
      outer.destroy()
      return void inner.resetAndDestroy()
    }
    if (answer.length > end + 4) outer.unshift(answer.subarray(end + 4))
    pass(inner, outer)
  })
  outer.once('end', () => outer.destroy())
}

function pass(inner: Socket, outer: Socket): void {
  inner.once('close', () => {
    if (!inner.readableEnded) outer.destroy()
  })
  outer.once('close', () => {
    if (!outer.readableEnded) inner.destroy()
  })
  inner.pipe(outer)
  outer.pipe(inner)
}
