/**
 * Which revision an upstream speaks: `server/discover` first, `initialize` where that is not a modern server's answer
 * (2026-07-28 versioning §Backward Compatibility, stdio and streamable-http likewise). Era is a property of the server,
 * so it is asked once for each link.
 *
 * Fails by throwing `Unusable` with one sentence fit for a log; the owner tries again later.
 *
 * @module
 */

import type { Clock, Decision, JsonObject, Produced, Redactor } from '../../core/index.ts'
import {
  eraOf,
  HEADER_MISMATCH,
  isObject,
  LATEST_LEGACY_VERSION,
  META_PREFIX,
  MISSING_CAPABILITY,
  MODERN_VERSION,
  UNSUPPORTED_VERSION,
} from '../../protocol/index.ts'
import type { Dialect, Link } from './link.ts'

export interface ServerInfo {
  readonly name: string
  readonly version: string
}

/** What an upstream said of itself, redacted and cut: for display and logs, never for a decision. */
export interface Session {
  readonly dialect: Dialect
  readonly serverInfo: ServerInfo | undefined
  readonly capabilities: JsonObject
  readonly instructions: string | undefined
}

/** Why a server cannot be used for now. The message is ours, but for a version list that was checked. */
export class Unusable extends Error {
  override readonly name = 'Unusable'
}

/** It must not be used until a person has accepted it. Whoever throws this has said so; it is looked at again without a word. */
export class Unaccepted extends Unusable {}

export interface NegotiateOptions {
  readonly link: Link
  /** What we are, for the upstream's eyes. */
  readonly client: ServerInfo
  /** What a legacy server is told that its client can do. A modern one hears it with each request. */
  readonly capabilities: JsonObject
  readonly redactor: Redactor
  readonly clock: Clock
  /** How long a server may stay silent before it is taken for a legacy one. */
  readonly probeMs: number
  /** `npx` may have to download the server first. */
  readonly initializeMs: number
}

export async function negotiate(options: NegotiateOptions): Promise<Session> {
  const { link, client, redactor, probeMs } = options
  const modern = modernDialect(client)
  link.speak({ ...modern, era: 'probing' })
  const probe = ask(options, 'server/discover', {}, options.initializeMs + probeMs)
  const early = await within(probeMs, probe)
  const verdict = early ? judge(early, redactor) : undefined
  if (verdict?.kind === 'modern') return begin(link, modern, verdict.session)
  if (verdict?.kind === 'unusable') throw new Unusable(verdict.problem)

  link.speak({ era: 'legacy', version: LATEST_LEGACY_VERSION, meta: undefined })
  try {
    return await initialize(options)
  } catch (error) {
    // A modern server that was slow to start has declined `initialize`, but answered the probe in the meantime.
    const late = early ? undefined : await within(100, probe)
    const second = late && judge(late, redactor)
    if (second?.kind === 'modern') return begin(link, modern, second.session)
    throw error
  }
}

/** The handshake of 2025-11-25 and before; also run again when an HTTP server forgot the session. */
export async function initialize(options: NegotiateOptions): Promise<Session> {
  const { link, client, capabilities: declared, redactor } = options
  const answer = await ask(
    options,
    'initialize',
    { protocolVersion: LATEST_LEGACY_VERSION, capabilities: declared, clientInfo: client },
    options.initializeMs,
  )
  if (!answer.allowed) throw new Unusable(denialText(answer))
  if (answer.value.kind !== 'result') throw new Unusable('it refused to initialize')
  const { protocolVersion, capabilities, serverInfo, instructions } = answer.value.result
  if (typeof protocolVersion !== 'string' || eraOf(protocolVersion) !== 'legacy')
    throw new Unusable('it speaks no protocol version that we do')
  const session: Session = {
    dialect: { era: 'legacy', version: protocolVersion, meta: undefined },
    serverInfo: toServerInfo(serverInfo, redactor),
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions: toInstructions(instructions, redactor),
  }
  link.speak(session.dialect)
  link.notify('notifications/initialized', undefined)
  return session
}

function modernDialect(client: ServerInfo): Dialect {
  const meta = {
    [`${META_PREFIX}protocolVersion`]: MODERN_VERSION,
    [`${META_PREFIX}clientInfo`]: client,
    [`${META_PREFIX}clientCapabilities`]: {},
  }
  return { era: 'modern', version: MODERN_VERSION, meta }
}

function begin(link: Link, modern: Dialect, session: Omit<Session, 'dialect'>): Session {
  const dialect = { ...modern, logs: session.capabilities.logging !== undefined }
  link.speak(dialect)
  return { ...session, dialect }
}

type Verdict =
  | { readonly kind: 'modern'; readonly session: Omit<Session, 'dialect'> }
  | { readonly kind: 'legacy' }
  | { readonly kind: 'unusable'; readonly problem: string }

function judge(answer: Decision<Produced>, redactor: Redactor): Verdict {
  // A denial is about the way there (HTTP status, lost child): the handshake finds out whether it is for good.
  if (!answer.allowed || answer.value.kind === 'prepared' || answer.value.kind === 'input') return { kind: 'legacy' }
  if (answer.value.kind === 'error') {
    const { code, data } = answer.value
    if (code === UNSUPPORTED_VERSION) return choose(isObject(data) ? data.supported : undefined, undefined)
    if (code === HEADER_MISMATCH || code === MISSING_CAPABILITY)
      return { kind: 'unusable', problem: `it is a modern server that refused our first request (${code})` }
    return { kind: 'legacy' }
  }
  const { supportedVersions, capabilities, instructions, _meta } = answer.value.result
  // Some legacy servers answer anything with an empty result.
  if (!Array.isArray(supportedVersions)) return { kind: 'legacy' }
  return choose(supportedVersions, {
    serverInfo: toServerInfo(isObject(_meta) ? _meta[`${META_PREFIX}serverInfo`] : undefined, redactor),
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions: toInstructions(instructions, redactor),
  })
}

function choose(supported: unknown, session: Omit<Session, 'dialect'> | undefined): Verdict {
  const versions = Array.isArray(supported) ? supported : []
  if (session && versions.includes(MODERN_VERSION)) return { kind: 'modern', session }
  if (versions.some((version) => eraOf(version) === 'legacy')) return { kind: 'legacy' }
  return { kind: 'unusable', problem: 'it speaks no protocol version that we do' }
}

const MAX_NAME = 100
const MAX_INSTRUCTIONS = 16 * 1024

// Redacted before it is cut: half a secret is not found.
function toServerInfo(value: unknown, redactor: Redactor): ServerInfo | undefined {
  if (!isObject(value) || typeof value.name !== 'string') return undefined
  const short = (text: unknown): string => (typeof text === 'string' ? redactor.text(text).slice(0, MAX_NAME) : '')
  return { name: short(value.name), version: short(value.version) }
}

const toInstructions = (value: unknown, redactor: Redactor): string | undefined =>
  typeof value === 'string' ? redactor.text(value).slice(0, MAX_INSTRUCTIONS) : undefined

/** A request of our own, which no caller waits for. */
export function ask(
  { link, clock }: Pick<NegotiateOptions, 'link' | 'clock'>,
  method: string,
  params: JsonObject,
  withinMs: number,
  capabilities?: JsonObject,
): Promise<Decision<Produced>> {
  return new Promise((settle) => {
    const startedAt = clock()
    link.send({ method, params, mirrors: [], startedAt, deadlineAt: startedAt + withinMs, caller: undefined, capabilities, settle })
  })
}

function denialText(decision: Decision<Produced>): string {
  if (decision.allowed) return ''
  const { denial } = decision
  if (denial.reason === 'upstream_unavailable') return denial.sentence
  if (denial.reason === 'not_connected') return 'it waits for the first person who connects their account there'
  return denial.reason === 'deadline_exceeded' ? `it did not answer within ${denial.seconds} seconds` : denial.reason
}

/** Undefined: nothing came in time. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  const { promise: silence, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, ms, undefined)
  try {
    return await Promise.race([answer, silence])
  } finally {
    clearTimeout(timer)
  }
}
