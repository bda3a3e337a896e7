/** Puts a client together from its options: the way out, the credential, the session. Nothing is sent yet. @module */

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createLog, createRedactor, systemClock } from '../core/index.ts'
import { requireVerification } from '../net/index.ts'
import { canonicalHash } from '../protocol/index.ts'
import { type Calling, createCalling } from './connection/calling.ts'
import type { Target } from './connection/connect.ts'
import { createEndpointFinder, type EndpointFinder } from './endpoint.ts'
import { createNetwork, type Network } from './network.ts'
import type { MCPClientOptions } from './options.ts'
import { createResources, type Resources } from './resources/resources.ts'
import { createSealingPins } from './sealing/pins.ts'
import { type Credential, createApiKeyCredential, noCredential } from './sign-in/credential.ts'
import { createMachineSignIn, type MachineSignIn } from './sign-in/machine-sign-in.ts'
import { createOAuth, type OAuth } from './sign-in/oauth.ts'
import { toHttp } from './sign-in/resource.ts'
import { createSkills, type Skills } from './skills/skills.ts'
import { DEFAULT_ACCOUNT, encryptionName } from './store/names.ts'
import { openTokenStore } from './store/open-token-store.ts'
import type { Gate, ListTools } from './trusted/gate.ts'
import { createIconFetcher, type FetchIcon } from './trusted/icons.ts'
import { keyOf, openGate } from './trusted/open-gate.ts'

export interface Assembled {
  readonly network: Network
  readonly calling: Calling
  /** What every call of a tool passes. */
  readonly gate: Gate
  readonly icons: FetchIcon
  readonly skills: Skills
  readonly resources: Resources
  /** Where a person signs in. */
  readonly oauth: OAuth | undefined
  /** Where the program signs in by itself. */
  readonly machine: MachineSignIn | undefined
  /** Asks the server at its endpoint; undefined where it is started and not asked. */
  readonly finder: EndpointFinder | undefined
  /** How the client is shown: without a secret. */
  readonly shown: string
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
const REQUEST_SECONDS = 60
const LARGE_ARGUMENT_BYTES = 32 * 1024

export function assemble(options: Readonly<MCPClientOptions>): Assembled {
  const { auth, ca = [], clock = systemClock, onInput = {}, headers = {}, dangerouslyAllowPrivateHosts: privateHosts = [] } = options
  const redactor = createRedactor()
  const log =
    options.log ?? createLog({ level: 'warn', pretty: process.stderr.isTTY, redactor, write: (line) => process.stderr.write(line) })
  requireVerification(process.env, log)
  const learn = (secret: string): void => void redactor.learn(secret)
  const clientInfo = options.clientInfo ?? { name: 'sallyport', version: version() }
  if (privateHosts.length > 0)
    log('warn', 'dangerouslyAllowPrivateHosts: these may have addresses of this machine', { hosts: privateHosts.join(' ') })

  const url = new URL(options.serverUrl ?? NOWHERE)
  const serverUrl = toHttp(url)
  const networkTo = (to: URL): Network =>
    createNetwork({ serverUrl: to, privateHosts, ca: typeof ca === 'string' ? [ca] : ca, lookup: options.lookup })
  const network = networkTo(serverUrl)
  for (const value of Object.values({ ...headers, ...options.env })) if (value.length >= LEAST_SECRET) learn(value)

  const store = openTokenStore({ tokenStore: options.tokenStore, dataDir: options.dataDir, clock, log })
  const account = options.account ?? DEFAULT_ACCOUNT
  let oauth: OAuth | undefined
  let machine: MachineSignIn | undefined
  let finder: EndpointFinder | undefined
  function targetOf(): Target {
    const { command, args = [], env = {}, cwd = process.cwd() } = options
    if (command !== undefined) return { kind: 'stdio', command: { command, args, env, cwd, mayNameOurs: true } }
    const kind = options.transport === 'websocket' || /^wss?:$/.test(url.protocol) ? 'websocket' : 'http'
    finder = createEndpointFinder({ network, serverUrl, clientInfo, headers, mayBeSilent: kind === 'websocket' })
    let credential: Credential = noCredential
    if (auth?.type === 'api_key') {
      learn(auth.apiKey)
      credential = createApiKeyCredential(auth.apiKey, auth.header)
    } else if (auth !== undefined) {
      const common = { network, finder, clock, log, store, account, learn }
      if (auth.type === 'oauth2') {
        if (auth.clientSecret !== undefined) learn(auth.clientSecret)
        oauth = createOAuth({ options: auth, clientName: clientInfo.name, ...common })
      } else machine = createMachineSignIn({ options: auth, networkTo, ...common })
      credential = oauth?.credential ?? machine?.credential ?? noCredential
    }
    return { kind, network, finder, credential, headers }
  }

  const host = options.command === undefined ? serverUrl.host : basename(options.command)
  const maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES
  const started = options.command !== undefined && { command: options.command, args: options.args ?? [], cwd: options.cwd ?? process.cwd() }
  const calling = createCalling({
    target: targetOf(),
    host,
    clientInfo,
    hooks: onInput,
    onLog: options.onLog,
    gate: () => gate,
    encryption: {
      options: options.encryption ?? {},
      pins: createSealingPins({ store, name: encryptionName(keyOf(started || serverUrl), account), server: host, clock }),
      credential: auth?.type === 'api_key' ? `api_key ${canonicalHash(auth.apiKey)}` : (auth?.type ?? 'none'),
      clock,
    },
    log,
    redactor,
    maxMessageBytes,
    largeArgumentBytes: options.largeArgumentBytes ?? LARGE_ARGUMENT_BYTES,
    requestTimeoutMs: (options.requestTimeoutSeconds ?? REQUEST_SECONDS) * 1000,
  })
  const { trust, onToolCall } = options
  const list: ListTools = ({ cache, signal }) => Promise.resolve(calling.lists.rawTools({ cache, signal }))
  const gate: Gate = openGate({
    trust,
    onToolCall,
    store,
    server: started || serverUrl,
    account,
    host,
    list,
    accepted: calling.accepted,
    clock,
    log,
  })
  const icons = createIconFetcher({ network, server: started ? undefined : serverUrl, origins: trust?.iconOrigins ?? [] })
  const skills = createSkills({ requests: calling.requests, host, log, maxBytes: maxMessageBytes })
  const where = options.command === undefined ? `serverUrl: '${url.origin}${url.pathname}'` : `command: '${basename(options.command)}'`
  return {
    network,
    calling,
    gate,
    icons,
    skills,
    resources: createResources({ requests: calling.requests, host }),
    oauth,
    machine,
    finder,
    shown: `MCPClient { ${where}, auth: '${auth?.type ?? 'none'}' }`,
  }
}

/** A server that is started is not asked over a network, and makes no address of one allowed. */
const NOWHERE = 'https://stdio.invalid'
/** Shorter values of a variable or a header are words like `true`, which are in every text. */
const LEAST_SECRET = 12

/** Two folders up from src/client in a checkout and from dist/client in the package. */
const version = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
