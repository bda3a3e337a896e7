/**
 * Which pages of other origins may use the endpoint, and what their browsers are told (Fetch §3.3). Closed unless an origin
 * is named. Every list of fields is written once, when the server is built: a request costs one look into a map.
 *
 * Browsers let GET and POST pass whatever `Access-Control-Allow-Methods` says, so that methods are checked here too. Header
 * fields are theirs to hold back.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { z } from 'zod'

/** Options for cross-origin requests, as the guide writes them. */
export interface CorsOptions {
  /** Exactly as browsers send them: `https://app.example.com`. There is no `*`: it would let every page in that a person opens. */
  readonly origin: string | readonly string[]
  /** Of POST, GET and DELETE, the methods of the endpoint. All of them unless told. */
  readonly methods?: readonly string[] | undefined
  /** Beside those that the protocol needs, which are always allowed. `Authorization`, `DPoP` and `X-API-Key` unless told. */
  readonly allowHeaders?: readonly string[] | undefined
  /** What a page may read of an answer, beside what the protocol needs. */
  readonly exposeHeaders?: readonly string[] | undefined
  /** How long a browser may keep what it was told, in seconds; a day unless told. */
  readonly maxAge?: number | undefined
  /** Whether the page may send cookies along: for something in front that wants them. We want none. */
  readonly credentials?: boolean | undefined
}

export interface Cors {
  /** Whether a page of that origin may send such a request. */
  allows(origin: string, method: string | undefined): boolean
  /** The fields of every answer to a request from there. */
  answer(origin: string | undefined): readonly string[]
  /** The fields that answer the question whether it may; the same as `answer` for an origin that may not. */
  preflight(request: IncomingMessage): readonly string[]
}

/** Without these no page could speak the protocol: its own fields, the type of every body, and the replay of a stream. */
const PROTOCOL_HEADERS = ['Content-Type', 'Accept', 'MCP-Protocol-Version', 'Mcp-Method', 'Mcp-Name', 'Mcp-Session-Id', 'Last-Event-ID']
const PROTOCOL_ANSWERS = ['WWW-Authenticate', 'DPoP-Nonce', 'Mcp-Session-Id']
/** Arguments that a tool mirrors have names of the tool's: only their beginning is known. */
const MIRRORED = /^mcp-param-[\w-]{1,128}$/i
const DEFAULTS = {
  methods: ['POST', 'GET', 'DELETE'],
  allowHeaders: ['Authorization', 'DPoP', 'X-API-Key'],
  exposeHeaders: ['RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
  maxAge: 86_400,
} as const

const origin = z
  .string()
  .refine((value) => toOrigin(value) !== undefined, 'must be an origin, like https://app.example.com; "*" and patterns are not taken')
const header = z.string().regex(/^[\w!#$%&'+.^`|~-]+$/, 'must be the name of a header field; "*" is not taken')

export const corsSchema: z.ZodType<CorsOptions> = z.strictObject({
  origin: z.union([origin, z.array(origin)]),
  methods: z.array(z.enum(['POST', 'GET', 'DELETE', 'OPTIONS'])).optional(),
  allowHeaders: z.array(header).optional(),
  exposeHeaders: z.array(header).optional(),
  maxAge: z.int().min(0).max(86_400).optional(),
  credentials: z.boolean().optional(),
})

/** On every answer of an endpoint that some page may use: what it says depends on who asks (RFC 9110 §12.5.5). */
const VARY = ['Vary', 'Origin']
const none: readonly string[] = []

/** The fields for what any page may read, without credentials: metadata and the like, when it is refused. */
export const ANY_ORIGIN: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'WWW-Authenticate, DPoP-Nonce, Retry-After',
]

export function createCors(options: CorsOptions | undefined): Cors {
  const given = [options?.origin ?? []].flat().map((each) => toOrigin(each) as string)
  const methods = [...(options?.methods ?? DEFAULTS.methods)]
  const pages = new Map(given.map((each) => [each, toPage(each, options as CorsOptions)]))
  const others = pages.size > 0 ? VARY : none

  return {
    allows: (page, method) => pages.has(page) && (method === 'OPTIONS' || methods.includes(method ?? '')),
    answer: (page) => (page === undefined ? others : (pages.get(page)?.answer ?? others)),
    preflight({ headers }) {
      const page = headers.origin === undefined ? undefined : pages.get(headers.origin)
      if (!page) return others
      const mirrored = mirroredIn(headers['access-control-request-headers'])
      return mirrored === '' ? page.preflight : [...page.preflight.slice(0, -1), `${page.preflight.at(-1)}${mirrored}`]
    },
  }
}

interface Page {
  readonly answer: readonly string[]
  /** The allowed header fields last. */
  readonly preflight: readonly string[]
}

function toPage(page: string, { methods, allowHeaders, exposeHeaders, maxAge, credentials }: CorsOptions): Page {
  const common = ['Access-Control-Allow-Origin', page, ...VARY, ...(credentials ? ['Access-Control-Allow-Credentials', 'true'] : [])]
  const allowed = [...PROTOCOL_HEADERS, ...(allowHeaders ?? DEFAULTS.allowHeaders)]
  const exposed = [...PROTOCOL_ANSWERS, ...(exposeHeaders ?? DEFAULTS.exposeHeaders)]
  return {
    answer: [...common, 'Access-Control-Expose-Headers', withoutTwins(exposed)],
    preflight: [
      ...common,
      'Access-Control-Allow-Methods',
      withoutTwins(methods ?? DEFAULTS.methods),
      'Access-Control-Max-Age',
      String(maxAge ?? DEFAULTS.maxAge),
      'Access-Control-Allow-Headers',
      withoutTwins(allowed),
    ],
  }
}

/** Names are compared without regard to case (RFC 9110 §5.1). */
const withoutTwins = (names: readonly string[]): string => [...new Map(names.map((name) => [name.toLowerCase(), name])).values()].join(', ')

function mirroredIn(asked: string | undefined): string {
  if (asked === undefined) return ''
  const names = asked.slice(0, 2_048).split(',')
  return names
    .map((each) => each.trim())
    .filter((each) => MIRRORED.test(each))
    .map((each) => `, ${each}`)
    .join('')
}

/** As browsers write it: lower case, without the port that goes without saying. */
function toOrigin(value: string): string | undefined {
  const url = /^https?:\/\/[^/\s?#@*]+$/i.test(value) ? URL.parse(value) : null
  return url?.origin
}
