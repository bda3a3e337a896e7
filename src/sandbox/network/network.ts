/**
 * The network of one sandbox. Inside there is nothing but an empty loopback; what is granted goes through a proxy of ours (`proxy.ts`),
 * which is reached over a socket, by a bridge that runs inside (`inside/bridge.ts`).
 *
 *   Destination[] ─ openNetwork ─▶ Network ─ into(program) ─▶ the program with its bridge before it
 *
 * Where nothing is granted there is no proxy, no bridge and no cost. Fails closed: without the bridge there is no way out.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { type Clock, ConfigError, type Log, systemClock } from '../../core/index.ts'
import { classifyAddress } from '../../net/index.ts'
import type { Program } from '../confine/confinement.ts'
import { type Destination, showDestination } from '../grants/destination.ts'
import { BRIDGE_VARIABLE, type BridgeSettings } from '../inside/bridge.ts'
import { insideFiles, insideProgram } from '../inside-file.ts'
import type { Connection } from './connection.ts'
import { codeOf, createPlace } from './place.ts'
import { createEgress } from './proxy.ts'

interface NetworkOptions {
  /** What it is called in what a refused program reads: the guarded server, the tool. */
  readonly name: string
  readonly allowed: readonly Destination[]
  /** Is told of each connection when it has ended or was refused. `createConnectRecords` makes audit records of it. */
  readonly note: (connection: Connection) => void
  readonly log: Log
  readonly clock?: Clock | undefined
}

/** What is to be added to a `Program`: nothing where nothing is granted. */
export interface Network {
  /** The program with a bridge as what is started, which starts the program in its turn: for what is not ours. */
  into(program: Program): Program
  /** The program with what a bridge needs: for a Node program of ours that starts it itself (`startOwnBridge`). */
  beside(program: Program): Program
  /** Ends every connection, and removes the socket. */
  close(): Promise<void>
}

const NONE: Network = { into: (program) => program, beside: (program) => program, close: async () => {} }

/** Beside 127.0.0.1, where the program's own services are. */
const FIRST = '127.77.0.'
const PROXY = { address: `${FIRST}1`, port: 3128 }
const INSIDE_SOCKET = '/run/sallyport/network'
const OWN = ['localhost', '127.0.0.1', '::1']

/**
 * One for each sandbox: what comes over its socket is that sandbox's. `create`: makes its proxy.
 *
 * @throws {ConfigError} where the socket cannot be made.
 */
export async function openNetwork(options: NetworkOptions, create: typeof createEgress = createEgress): Promise<Network> {
  const { name, allowed, clock = systemClock, log } = options
  if (allowed.length === 0) return NONE
  const key = randomBytes(24).toString('base64url')
  const { listen, hosts } = laidOut(allowed)
  const place = createPlace(hosts)
  const told = new Set<string>()
  /** The audit has all of it; who looks why something does not work looks into the log. */
  function note(connection: Connection): void {
    options.note(connection)
    const { reason, target } = connection
    if (reason === 'allowed' || told.size >= MAX_TOLD || told.has(`${reason} ${target}`)) return
    told.add(`${reason} ${target}`)
    log('warn', `${name}: a connection was not made`, { target, reason })
  }
  const egress = create({ ...options, clock, key, note })
  try {
    await egress.listen(place.socket)
  } catch (error) {
    place.close()
    throw new ConfigError([`sandbox: nothing can listen in the folder for temporary files (TMPDIR): ${codeOf(error)}`])
  }
  const bridge: BridgeSettings = { socket: INSIDE_SOCKET, key, listen }
  const beside = (program: Program): Program => ({
    ...program,
    // Ours last: from inside, a proxy of the machine's is nowhere.
    env: { ...program.env, ...ENVIRONMENT, [BRIDGE_VARIABLE]: JSON.stringify(bridge) },
    given: { ...program.given, [INSIDE_SOCKET]: place.socket, '/etc/hosts': place.hosts },
    lowPorts: listen.some(({ port }) => port < 1024),
  })
  return {
    beside,
    into: (program) => ({
      ...beside(program),
      command: process.execPath,
      args: [...FLAGS, insideProgram('with-network'), program.command, ...program.args],
      code: [...program.code, ...(isAbsolute(program.command) ? [program.command] : []), ...insideFiles()],
    }),
    async close() {
      await egress.close()
      place.close()
    },
  }
}

/** It only passes bytes on. Each thread that it does not have is one more for the program. */
const FLAGS = ['--max-old-space-size=16', '--v8-pool-size=0']

/** Every host that was granted by its name has an address of its own, and listens there on its ports. What has none is asked of the proxy. */
function laidOut(allowed: readonly Destination[]): { listen: BridgeSettings['listen']; hosts: string } {
  const addresses = new Map<string, string>()
  const listen: BridgeSettings['listen'][number][] = [PROXY]
  for (const { host, port } of allowed) {
    const target = showDestination({ host, port })
    const at = (address: string): unknown => listen.push({ address, port, target })
    if (host === 'localhost') OWN.slice(1).forEach(at)
    else if (isIP(host) !== 0) {
      if (classifyAddress(host) === 'loopback') at(host)
    } else if (!host.startsWith('*.')) {
      const address = addresses.get(host) ?? `${FIRST}${addresses.size + 2}`
      if (addresses.size >= MAX_NAMES && !addresses.has(host)) continue
      addresses.set(host, address)
      at(address)
    }
  }
  const names = [...addresses].map(([host, address]) => `${address} ${host}\n`)
  return { listen, hosts: `127.0.0.1 localhost\n::1 localhost\n${names.join('')}` }
}

/** How many are said, of one sandbox. */
const MAX_TOLD = 20
/** What is left of the last byte of an address. */
const MAX_NAMES = 250

/** For programs that look. */
const ENVIRONMENT: Readonly<Record<string, string>> = (() => {
  const proxy = `http://${PROXY.address}:${PROXY.port}`
  const found = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: OWN.join(',') }
  const lower = Object.entries(found).map(([name, value]) => [name.toLowerCase(), value])
  // Node looks at these only where it is told to.
  return { ...found, ...Object.fromEntries(lower), NODE_USE_ENV_PROXY: '1' }
})()
