/**
 * Where a service is reached, as an operator says it, and what follows: who vouches for tokens, what they are for, and under
 * which names requests are served. Plain HTTP is for loopback alone; everywhere else there is TLS, or a proxy that ends it and
 * that we were told of.
 *
 * @module
 */

import { z } from 'zod'
import { ConfigError, describeProblems } from '../core/index.ts'
import { isLoopbackName, type TlsOptions, tlsSchema } from '../net/index.ts'
import { type CorsOptions, corsSchema, loopbackOrigins, type ProxyOptions, proxySchema } from '../transports/index.ts'

/** What both ways to be reached have in common. */
export interface Reach {
  /** The path of the MCP endpoint; `/mcp` unless told. */
  readonly path?: string | undefined
  /**
   * How people reach it: `https://mcp.example.com`, with the path that an app has mounted it under. Issuer, audience and the Host
   * that requests must name follow from it.
   */
  readonly publicUrl?: string | undefined
  /** Whose word counts about the address of a caller. The peer's own unless told. */
  readonly proxy?: ProxyOptions | undefined
}

/** Sockets of our own. */
export interface Listen extends Reach {
  /** 0: any that is free. */
  readonly port: number
  /** `localhost` unless told: both loopback addresses. Any other interface wants `tls` or `behindProxy`. */
  readonly host?: string | undefined
  /** Certificate and key, or `local`: a certificate of this machine, made and renewed by itself. */
  readonly tls?: TlsOptions | 'local' | undefined
  /** That something in front ends TLS, and that nobody can get around it. Goes with `publicUrl`. */
  readonly behindProxy?: boolean | undefined
}

/** Requests that an app hands over. */
export interface MountedIn extends Reach {
  readonly mounted: true
  /** The port that the app listens on at localhost. Without it and `publicUrl`, the first request tells. */
  readonly port?: number | undefined
}

export interface Site {
  /** Who vouches for our tokens; everything of ours is below it. */
  readonly issuer: string
  /** Every URL of the MCP endpoint; the first is the audience of all tokens. */
  readonly resources: readonly string[]
}

/** What the sign-in, or the rest of it, is served at: an endpoint there would never be asked. */
const RESERVED = [
  '.well-known',
  'authorize',
  'device',
  'device_authorization',
  'interaction',
  'introspect',
  'jwks',
  'par',
  'register',
  'revoke',
  'setup',
  'token',
]

const port = z.int('must be a port, 0 to 65535').min(0).max(65_535)
/** Each option for itself. What goes together is judged where it is served. */
export const listenShape: { readonly [Name in keyof Listen]-?: z.ZodType<Listen[Name] | undefined> } = {
  port: port.optional(),
  host: z.string().min(1).optional(),
  path: z
    .string()
    .regex(/^\/(?:[\w.~-]+(?:\/[\w.~-]+)*)?$/, 'must be a path, like /mcp')
    .refine((path) => !RESERVED.includes(path.split('/')[1] ?? ''), `must not begin with a path of the sign-in: ${RESERVED.join(', ')}`)
    .optional(),
  publicUrl: z
    .string()
    .refine((given) => isWebUrl(given), 'must be a URL, like https://mcp.example.com')
    .refine((given) => !isWebUrl(given) || isBare(given), 'must have no query, fragment or user')
    .optional(),
  proxy: proxySchema.optional(),
  tls: z.union([z.literal('local'), tlsSchema], 'must be { cert, key }, or "local"').optional(),
  behindProxy: z.boolean().optional(),
}
const listenSchema: z.ZodType<Listen> = z.strictObject({ ...listenShape, port }).superRefine((listen, context) => {
  for (const [path, message] of problemsOf(listen)) context.addIssue({ code: 'custom', path: [path], message })
})
const mountedSchema: z.ZodType<MountedIn> = z
  .strictObject({
    mounted: z.literal(true),
    port: listenShape.port,
    path: listenShape.path,
    publicUrl: listenShape.publicUrl,
    proxy: listenShape.proxy,
  })
  .superRefine((mounted, context) => {
    const { url, problem } = readPublicUrl(mounted)
    const message = problem ?? (url?.protocol === 'http:' && !isLoopbackName(url.hostname) ? NOT_HTTPS : undefined)
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['publicUrl'], message })
  })

/** @throws {ConfigError} naming every problem. */
export function checkReach(given: Listen | MountedIn, cors: CorsOptions | undefined): void {
  const schema = z.object({ reach: 'mounted' in given ? mountedSchema : listenSchema, cors: corsSchema.optional() })
  const { error } = schema.safeParse({ reach: given, cors })
  if (!error) return
  const problems = describeProblems(error.issues, schema)
  throw new ConfigError(problems.map(({ path, text }) => `${path.filter((key) => key !== 'reach').join('.')}: ${text}`))
}

/** `origins`: what the socket or the request says where no `publicUrl` does. */
export function siteOf({ path = '/mcp', publicUrl }: Reach, origins: readonly string[]): Site {
  const bases = publicUrl === undefined ? origins : basesOf(new URL(publicUrl))
  return { issuer: bases[0] as string, resources: bases.map((base) => base + (path === '/' ? '' : path)) }
}

/** The origins of a socket that is bound already: on loopback its own name first, and then the others that lead there. */
export function originsOf({ host = 'localhost', tls }: Pick<Listen, 'host' | 'tls'>, boundPort: number): readonly string[] {
  const scheme = tls === undefined ? 'http' : 'https'
  const { origin } = new URL(`${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${boundPort}`)
  return isLoopbackName(host) ? [...new Set([origin, ...loopbackOrigins(scheme, boundPort)])] : [origin]
}

function basesOf({ protocol, hostname, port: given, origin, pathname }: URL): readonly string[] {
  const scheme = protocol === 'https:' ? 'https' : 'http'
  const origins = isLoopbackName(hostname)
    ? originsOf({ host: hostname, tls: scheme === 'https' ? 'local' : undefined }, portOf(scheme, given))
    : [origin]
  return origins.map((each) => each + pathname.replace(/\/$/, ''))
}

const portOf = (scheme: 'http' | 'https', port: string): number => (port === '' ? (scheme === 'https' ? 443 : 80) : Number(port))

const NOT_HTTPS = 'must be https: what is sent to it could be read on the way'

function problemsOf(listen: Listen): readonly (readonly [keyof Listen, string])[] {
  const { host = 'localhost', tls, behindProxy = false, publicUrl } = listen
  const problems: [keyof Listen, string][] = []
  const { url, problem } = readPublicUrl(listen)
  if (problem !== undefined) problems.push(['publicUrl', problem])
  if (!isLoopbackName(host) && tls === undefined && !behindProxy)
    problems.push([
      'host',
      'is not loopback, and without TLS everybody on the way can read what is sent: set tls: { cert, key }, or behindProxy: true and publicUrl: "https://…" where a proxy ends TLS',
    ])
  if (behindProxy && publicUrl === undefined) problems.push(['publicUrl', 'is needed with behindProxy: what the proxy is reached at'])
  if (url?.protocol === 'http:' && !isLoopbackName(url.hostname)) problems.push(['publicUrl', NOT_HTTPS])
  if (url?.protocol === 'https:' && tls === undefined && !behindProxy)
    problems.push([
      'publicUrl',
      'is https, and nothing here speaks it: set tls: { cert, key }, or behindProxy: true where a proxy ends TLS',
    ])
  if (url?.protocol === 'http:' && tls !== undefined) problems.push(['publicUrl', 'must be https where tls is set'])
  if (tls === 'local' && url !== undefined && !isLoopbackName(url.hostname))
    problems.push(['tls', 'must be a certificate for publicUrl: "local" makes one for this machine only'])
  if (isEveryInterface(host) && publicUrl === undefined && (tls !== undefined || behindProxy))
    problems.push(['publicUrl', `is needed: ${host} is no name that anybody can call`])
  return problems
}

const isWebUrl = (given: string): boolean => ['http:', 'https:'].includes(URL.parse(given)?.protocol ?? '')
function isBare(given: string): boolean {
  const { search, hash, username, password } = new URL(given)
  return search === '' && hash === '' && username === '' && password === ''
}

function readPublicUrl({ publicUrl, path = '/mcp' }: Reach): { readonly url?: URL; readonly problem?: string } {
  if (publicUrl === undefined || !isWebUrl(publicUrl)) return {}
  const url = new URL(publicUrl)
  // Issuer and sign-in would be below the endpoint, and the endpoint below itself.
  if (path !== '/' && url.pathname.replace(/\/$/, '').endsWith(path))
    return { url, problem: `must not end with the path of the endpoint: leave ${path} off, or set path` }
  return { url }
}

/** 0.0.0.0 and ::, however they are written. */
const isEveryInterface = (host: string): boolean => /^[0.:]+$/.test(host)

/** @throws {ConfigError} where callers from elsewhere could come: `what` is for this machine alone. */
export function requireLoopback(reach: Listen | MountedIn, what: string): void {
  const { publicUrl } = reach
  const named = [publicUrl === undefined ? undefined : URL.parse(publicUrl)?.hostname, 'host' in reach ? reach.host : undefined]
  // An app with a public URL may listen anywhere: only without one is a caller from elsewhere refused.
  const isOpen = 'mounted' in reach && publicUrl !== undefined
  if (!isOpen && named.every((each) => each === undefined || isLoopbackName(each))) return
  throw new ConfigError([`${what}: is for loopback alone: leave it off, or host and publicUrl`])
}
