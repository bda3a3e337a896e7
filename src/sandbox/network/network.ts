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
import { type Clock, ConfigError, type Log, systemClock } from '../../core/index.ts'
import { classifyAddress, type Lookup } from '../../net/index.ts'
import type { Program } from '../confine/confinement.ts'
import { type Destination, showDestination } from '../grants/destination.ts'
import { BRIDGE_VARIABLE } from '../inside/bridge.ts'
import { insideFiles, insideProgram } from '../inside-file.ts'
import type { Connection } from './connection.ts'
import { codeOf, createPlace } from './place.ts'
import { createEgress } from './proxy.ts'

export interface NetworkOptions {
  /** What it is called in what a refused program reads: the guarded server, the tool. */
  readonly name: string
  readonly allowed: readonly Destination[]
  /** Is told of each connection when it has ended or was refused. See `createConnectNotes` for what makes audit records of it. */
  readonly note: (connection: Connection) => void
  readonly log: Log
  readonly clock?: Clock | undefined
  readonly lookup?: Lookup | undefined
  /** Names that may have addresses of this machine or of a private network. Link-local and metadata addresses are never reached. */
  readonly dangerouslyAllowPrivateHosts?: readonly string[] | undefined
}

/** What a bridge has to know. */
export interface BridgeSettings {
  /** Where the proxy's socket is, as it is seen inside. */
  readonly socket: string
  /** What the proxy is shown. It opens this one socket and nothing else; still it is handed on in the environment, not in arguments. */
  readonly key: string
  /** Where it listens inside, and where that leads. Without `target` it is a proxy, for programs that know of one. */
  readonly listen: readonly { readonly address: string; readonly port: number; readonly target?: string }[]
}

/** What is to be added to a `Program`. All of it is empty where nothing is granted. */
export interface Network {
  /** The proxy's socket and `/etc/hosts`, by where they are seen: for `Program.given`. */
  readonly given: Readonly<Record<string, string>>
  /** Where the proxy is, for programs that look: for `Program.env`. */
  readonly env: Readonly<Record<string, string>>
  /** What the bridge needs to run: for `Program.code`. */
  readonly code: readonly string[]
  /** For `Program.lowPorts`. */
  readonly lowPorts: boolean
  /** For a program of ours that starts the bridge itself (`startBridge`). Undefined: there is no network. */
  readonly bridge: BridgeSettings | undefined
  /** The program with all of this, and with the bridge as what is started: it starts the program in its turn. For what is not ours. */
  into(program: Program): Program
  /** Ends every connection, and removes the socket. */
  close(): Promise<void>
}

const NONE: Network = {
  given: {},
  env: {},
  code: [],
  lowPorts: false,
  bridge: undefined,
  into: (program) => program,
  close: async () => {},
}

/** Beside 127.0.0.1, where the program's own services are. */
const FIRST = '127.77.0.'
const PROXY = { address: `${FIRST}1`, port: 3128 }
const INSIDE_SOCKET = '/run/sallyport/network'
const OWN = ['localhost', '127.0.0.1', '::1']

/**
 * One for each sandbox: what comes over its socket is that sandbox's.
 *
 * @throws {ConfigError} where the socket cannot be made.
 */
export async function openNetwork(options: NetworkOptions): Promise<Network> {
  const { allowed, clock = systemClock } = options
  if (allowed.length === 0) return NONE
  const key = randomBytes(24).toString('base64url')
  const { listen, hosts } = laidOut(allowed)
  const place = createPlace(hosts)
  const egress = createEgress({ ...options, clock, key })
  try {
    await egress.listen(place.socket)
  } catch (error) {
    place.close()
    throw new ConfigError([`sandbox: nothing can listen in the folder for temporary files (TMPDIR): ${codeOf(error)}`])
  }
  const bridge: BridgeSettings = { socket: INSIDE_SOCKET, key, listen }
  const given = { [INSIDE_SOCKET]: place.socket, '/etc/hosts': place.hosts }
  const env = environment()
  const code = [process.execPath, ...insideFiles()]
  const lowPorts = listen.some(({ port }) => port < 1024)
  return {
    given,
    env,
    code,
    lowPorts,
    bridge,
    into: (program) => ({
      ...program,
      command: process.execPath,
      args: [...FLAGS, insideProgram('with-network'), program.command, ...program.args],
      env: { ...env, ...program.env, [BRIDGE_VARIABLE]: JSON.stringify(bridge) },
      code: [...new Set([...program.code, ...code])],
      given: { ...program.given, ...given },
      lowPorts,
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
    } else if (!host.startsWith('*.') && addresses.size < MAX_NAMES) {
      const address = addresses.get(host) ?? `${FIRST}${addresses.size + 2}`
      addresses.set(host, address)
      at(address)
    }
  }
  const names = [...addresses].map(([host, address]) => `${address} ${host}\n`)
  return { listen, hosts: `127.0.0.1 localhost\n::1 localhost\n${names.join('')}` }
}

/** What is left of the last byte of an address. */
const MAX_NAMES = 250

function environment(): Record<string, string> {
  const proxy = `http://${PROXY.address}:${PROXY.port}`
  const none = OWN.join(',')
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    ALL_PROXY: proxy,
    NO_PROXY: none,
    http_proxy: proxy,
    https_proxy: proxy,
    all_proxy: proxy,
    no_proxy: none,
    // Node looks at these only where it is told to.
    NODE_USE_ENV_PROXY: '1',
  }
}
