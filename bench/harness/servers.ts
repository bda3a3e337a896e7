/** Everything that is measured, in the order in which it takes its turn: what is compared stands next to its base. @module */

import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '../peers/serve.ts'
import { freePort, type Program, type Running, removeDirectory, start, temporaryDirectory } from './child.ts'
import { createKeys, guardProgram } from './guard.ts'
import { checkGuards, checkRecords } from './guarded.ts'
import { checkAnswer, createMessage, type Dialect, type Message, type Tool } from './messages.ts'
import { seal } from './sealed.ts'
import { password, signInForBoundTokens, signInForTokens } from './tokens.ts'

export const groups = [
  'server',
  'number of tools',
  'proof of possession',
  'encrypted fields',
  'tokens',
  'stdio gateway',
  'http gateway',
] as const
export type Group = (typeof groups)[number]

export const isGateway = ({ group }: { readonly group: string }): boolean => group.endsWith('gateway')

export interface Server {
  /** For `--only`, `profile.ts` and the history. */
  readonly name: string
  readonly title: string
  readonly group: Group
  /** The server that it is compared with, slice by slice. */
  readonly base: string | undefined
  readonly guarded: boolean
  /** Whether it is also measured at half of its peak. */
  readonly halfLoad?: true
  readonly dialect: Dialect
  readonly tool: Tool
  program(place: Place): Program | Promise<Program>
  /** Where the server does not announce its own credential. */
  credentials?(place: Place, url: string): Promise<Credentials>
  /** What the message becomes where each request is another one. */
  seal?(message: Message): Promise<Message>
  /** The server that must be up before it. Started with it and ended with it. */
  readonly behind?: string
}

/** A folder of its own, new for each start, and where the server behind it listens. */
export interface Place {
  readonly directory: string
  readonly upstream: string
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const peer = (name: string, ...args: string[]): Program => ({ args: [file(`../peers/${name}.ts`), ...args] })
const own = ({ directory }: Place, ...args: string[]): Program => ({
  args: [file('../sallyport-function.ts'), '--data-dir', directory, ...args],
})
const upstream = file('../peers/cheap-stdio.ts')

const inCode = { group: 'server', base: 'node-http', tool: 'calculator' } as const
const overStdio = { group: 'stdio gateway', base: 'stdio-forwarder', tool: 'echo' } as const
const overHttp = { group: 'http gateway', base: 'cheap-http', tool: 'echo' } as const
/** A token for a client that acts for itself: signed, of its scope, for the one resource. */
const tokens = { group: 'tokens', base: 'oidc-provider', tool: 'token', dialect: 'modern' } as const
const bare = { guarded: false, dialect: 'modern' } as const
const guarded = { guarded: true, dialect: 'modern' } as const
const older = { guarded: false, dialect: 'legacy' } as const

export const servers: readonly Server[] = [
  {
    ...inCode,
    ...bare,
    name: 'node-http',
    base: undefined,
    halfLoad: true,
    title: 'bare node:http: parse, compute, answer',
    program: () => peer('node-http'),
  },
  {
    ...inCode,
    ...guarded,
    name: 'sallyport-key',
    halfLoad: true,
    title: 'Sallyport, API key, 1 tool',
    program: (at) => own(at, '--tools', '1'),
  },
  {
    ...inCode,
    ...guarded,
    group: 'number of tools',
    base: 'sallyport-key',
    name: 'sallyport-key-1000',
    title: 'Sallyport, API key, 1,000 tools',
    program: (at) => own(at, '--tools', '1000'),
  },
  {
    ...inCode,
    ...guarded,
    name: 'sallyport-jwt',
    title: 'Sallyport, own JWT, 1 tool',
    program: (at) => own(at, '--tools', '1', '--password', password),
    credentials: (_, url) => signInForTokens(url),
  },
  {
    ...inCode,
    ...guarded,
    group: 'proof of possession',
    base: 'sallyport-jwt',
    name: 'sallyport-dpop',
    title: 'Sallyport, own JWT with DPoP, 1 tool',
    program: (at) => own(at, '--tools', '1', '--password', password),
    credentials: (_, url) => signInForBoundTokens(url),
  },
  {
    ...inCode,
    ...guarded,
    group: 'encrypted fields',
    base: 'sallyport-key',
    tool: 'sealed',
    name: 'sallyport-payload',
    title: 'Sallyport, API key, argument and result encrypted',
    program: (at) => own(at, '--tools', '1', '--sealed'),
    seal,
  },
  { ...inCode, ...older, name: 'tmcp', title: 'tmcp 1.20 + transport-http', program: () => peer('tmcp') },
  { ...inCode, ...bare, name: 'sdk2-server-50', title: 'SDK 2.4 Server, 50 tools', program: () => peer('sdk2-server', '50') },
  { ...inCode, ...bare, name: 'sdk2-mcp-server-1', title: 'SDK 2.4 McpServer, 1 tool', program: () => peer('sdk2-mcp-server', '1') },
  { ...inCode, ...bare, name: 'sdk2-mcp-server-50', title: 'SDK 2.4 McpServer, 50 tools', program: () => peer('sdk2-mcp-server', '50') },
  { ...inCode, ...older, name: 'fastmcp', title: 'fastmcp 4.20', program: () => withPort(['../peers/fastmcp.ts']) },
  { ...inCode, ...older, name: 'sdk1-express', title: 'SDK 1.32 + Express 5', program: () => peer('sdk1-express') },

  {
    ...tokens,
    guarded: false,
    name: 'oidc-provider',
    base: undefined,
    title: 'oidc-provider 9.13, in memory',
    program: () => peer('oidc-provider'),
  },
  {
    ...tokens,
    guarded: true,
    name: 'sallyport-tokens',
    title: 'Sallyport, client credentials',
    program: (at) => ({ args: [file('../sallyport-tokens.ts'), '--data-dir', at.directory] }),
  },

  {
    ...overStdio,
    ...bare,
    name: 'stdio-forwarder',
    base: undefined,
    title: 'bare forwarder over node:http',
    program: () => peer('stdio-forwarder'),
  },
  {
    ...overStdio,
    ...guarded,
    name: 'guard-stdio',
    title: 'sallyport guard -- COMMAND',
    program: (at) => guardProgram(at.directory, ['--', process.execPath, upstream]),
    credentials: ({ directory }) => createKeys(directory),
  },
  { ...overStdio, ...older, dialect: 'session', name: 'mcp-proxy', title: 'mcp-proxy 6.7', program: mcpProxy },
  { ...overStdio, ...older, dialect: 'session', name: 'supergateway', title: 'supergateway 4.0, stateful', program: supergateway },

  { ...overHttp, ...bare, name: 'cheap-http', base: undefined, title: 'the upstream itself', program: () => peer('cheap-http') },
  {
    ...overHttp,
    ...bare,
    name: 'http-forwarder',
    title: 'bare forwarder over node:http',
    behind: 'cheap-http',
    program: (at) => peer('http-forwarder', at.upstream),
  },
  {
    ...overHttp,
    ...bare,
    name: 'undici-forwarder',
    title: 'bare forwarder over undici',
    behind: 'cheap-http',
    program: (at) => peer('undici-forwarder', at.upstream),
  },
  {
    ...overHttp,
    ...guarded,
    name: 'guard-http',
    title: 'sallyport guard URL',
    behind: 'cheap-http',
    program: (at) => guardProgram(at.directory, [at.upstream]),
    credentials: ({ directory }) => createKeys(directory),
  },
]

export interface Measured {
  readonly server: Server
  readonly running: Running
  readonly message: Message
  /**
   * Ends all of it. `answered`: how many calls it has answered; a guarded server must have a record of each.
   * @throws if records are missing.
   */
  readonly stop: (answered?: number) => Promise<void>
}

/**
 * Starts one server and whatever is behind it, and checks its answer; a guarded one must also refuse.
 *
 * @throws if anything does not start or answers wrongly. Nothing is left running then.
 */
export async function bringUp(server: Server, nodeFlags: readonly string[] = []): Promise<Measured> {
  const directory = temporaryDirectory()
  const stops: (() => Promise<void>)[] = []
  const stop = async (answered?: number): Promise<void> => {
    for (let end = stops.pop(); end; end = stops.pop()) await end()
    try {
      // Who was given a token by itself is not on record: only what is refused is, and what people decide.
      if (server.guarded && server.tool !== 'token' && answered !== undefined) await checkRecords(directory, answered)
    } finally {
      removeDirectory(directory)
    }
  }
  try {
    const behind = servers.find(({ name }) => name === server.behind)
    let place: Place = { directory, upstream: '' }
    if (behind) {
      const running = await start(await behind.program(place))
      stops.push(running.stop)
      place = { directory, upstream: running.ready.url }
    }
    const program = await server.program(place)
    const running = await start({ ...program, args: [...nodeFlags, ...program.args] })
    stops.push(running.stop)
    const credentials = running.ready.credentials ?? (await server.credentials?.(place, running.ready.url))
    const plain = await createMessage(server.dialect, server.tool, running.ready.url, credentials?.able ?? {}, credentials?.prove)
    const message = (await server.seal?.(plain)) ?? plain
    await checkAnswer(message)
    if (server.guarded) await checkGuards(server, message, credentials)
    return { server, running, message, stop }
  } catch (error) {
    await stop()
    throw new Error(`${server.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

async function withPort(args: readonly string[]): Promise<Program> {
  return { args: args.map(file), env: { PORT: String(await freePort()) } }
}

/** Runs a program of a package as its `bin` would, but only on loopback. */
async function packaged(name: string, args: (port: string) => readonly string[]): Promise<Program> {
  const port = String(await freePort())
  const manifest = findPackageJSON(name, import.meta.url)
  if (!manifest) throw new Error('it is not installed')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
  return {
    args: ['--import', file('../peers/loopback-only.mjs'), join(dirname(manifest), bin[name]), ...args(port)],
    url: `http://127.0.0.1:${port}/mcp`,
  }
}

function mcpProxy(): Promise<Program> {
  return packaged('mcp-proxy', (port) => ['--port', port, '--server', 'stream', '--', process.execPath, upstream])
}

function supergateway(): Promise<Program> {
  const command = `"${process.execPath}" "${upstream}"`
  const fixed = ['--stdio', command, '--outputTransport', 'streamableHttp', '--stateful', '--logLevel', 'none']
  return packaged('supergateway', (port) => [...fixed, '--port', port])
}
