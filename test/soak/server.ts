// The server of the soak: a real `MCPServer` in a process of its own, on any free port of loopback, whose clock its parent moves. The
// machine's clock is replaced before anything is loaded, so that the provider's moves too.
//
//   fork(server.ts, [DATA_DIR], { execArgv: ['--expose-gc'] })   → { url, issuer }
//   { advanceMs }                                               → { swept }        moves the clock, and removes what has expired
//   'look'                                                      → a `Look`         after a full collection

import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export interface Look {
  readonly heapBytes: number
  /** What V8 does not manage: buffers, SQLite's pages are in neither. */
  readonly externalBytes: number
  readonly residentBytes: number
  /** Undefined where the platform does not tell. */
  readonly descriptors: { readonly sockets: number; readonly others: number } | undefined
}
export type Order = 'look' | { readonly advanceMs: number }

const DESCRIPTORS = '/proc/self/fd'
const machine = Date.now
let offsetMs = 0
Date.now = () => machine() + offsetMs

const { MCPServer } = await import('../../src/server/index.ts')
const { openData } = await import('../../src/vault/index.ts')

const dataDir = process.argv[2] as string
// What is measured is what is kept, not how many a minute may come from one address.
const plenty = { max: 1_000_000_000 }
const server = new MCPServer({
  name: 'soak',
  dataDir,
  port: 0,
  log: false,
  rateLimit: { ...plenty, tools: plenty },
  // Nothing of it leaves this machine.
  auth: { cimd: 'off' },
  tools: [{ name: 'look', execute: () => 'seen' }],
})
const { url, issuer } = await server.listen()
// The server sweeps each minute of the machine's time; here an hour passes in seconds, so that the same sweep is called.
const { store } = await openData({ dataDir })

async function look(): Promise<Look> {
  for (let turn = 0; turn < 3; turn++) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await delay(20)
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapBytes: heapUsed, externalBytes: external, residentBytes: rss, descriptors: descriptors() }
}

function descriptors(): Look['descriptors'] {
  if (!existsSync(DESCRIPTORS)) return undefined
  const targets = readdirSync(DESCRIPTORS).map((name) => {
    try {
      return readlinkSync(`${DESCRIPTORS}/${name}`)
    } catch {
      return undefined // the one that read the folder
    }
  })
  const open = targets.filter((target) => target !== undefined)
  const sockets = open.filter((target) => target.startsWith('socket:')).length
  return { sockets, others: open.length - sockets }
}

async function follow(order: Order): Promise<unknown> {
  if (order === 'look') return look()
  offsetMs += order.advanceMs
  return { swept: await store.sweep() }
}

async function end(): Promise<void> {
  await store.close()
  await server.close()
  process.exit(0)
}
process.on('message', (order: Order) => void follow(order).then((answer) => process.send?.(answer)))
process.once('SIGTERM', () => void end())
process.once('disconnect', () => void end())
process.send?.({ url, issuer })
