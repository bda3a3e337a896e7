/**
 * A request as it gathers proof on its way through the pipeline.
 *
 *   Received → Identified → Understood → Admitted → Authorized → Validated → Approved → Executed → Released
 *
 * One object is carried all the way. Only the functions below can move it on (`identify`, `understand`, …), and
 * each takes the type that the one before it returns, so that another order, or a skipped stage, does not compile.
 *
 * @module
 */

import type { Decision } from './decision.ts'
import type { CallDetails, Entry } from './entry.ts'
import { createDecisionId } from './ids.ts'
import type { Input, InputRequests, InputResponses, LogLevel, Message, Outgoing, RequestId } from './message.ts'
import type { Possession } from './possession.ts'
import type { Principal } from './principal.ts'
import type { Taken } from './redact/index.ts'

declare const proof: unique symbol
type Proven<Stage extends string> = { readonly [proof]: { readonly [Key in Stage]: true } }

/** What was presented, as it was presented. Never logged. */
export interface Credential {
  /** `several`: more than one was presented, which is refused (RFC 6750 §2). */
  readonly scheme: 'bearer' | 'dpop' | 'api_key' | 'local' | 'several'
  readonly value: string
}

/** What a transport knows before anything is read. It fills in the fields; it can prove nothing. */
export interface Received {
  readonly transport: 'http' | 'stdio' | 'websocket'
  /** The message's id, written by `read` as soon as it is known, so that even a malformed message gets an addressed answer. */
  id: RequestId | undefined
  /** The peer's network address, or `local`. */
  readonly address: string
  readonly credential: Credential | undefined
  /** What came beside a token of the scheme `dpop`. Undefined where nothing came, and for every other scheme. */
  readonly possession?: Possession | undefined
  /** The thumbprint of the certificate that the caller has shown it holds the key of, if it has; looked up when it is asked for. */
  certificate?: (() => string | undefined) | undefined
  /** The canonical URL that was addressed: the audience a token must have (RFC 8707). */
  readonly resource: string
  /** Lower-case header names; empty off HTTP. Compared with the body in `validate` (x-mcp-header). */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** Reads and parses the one message, within bounds. Called once, after authentication. */
  readonly read: () => Decision<Message> | Promise<Decision<Message>>
  /** Sends a message that belongs to this request ahead of its answer. Only what `release` has seen may be given to it. */
  readonly send: (message: Outgoing) => void
  /** Opens the stream that notifications go out on, before there is one. */
  readonly open: () => void
  /** The legacy session that the request came with, written by `read` like the id. */
  session?: SessionState | undefined
  /** Registers what to do when the caller goes away; runs at once if it already has. */
  readonly onCancel: (listener: () => void) => void
}

/** What a legacy caller has set for longer than one request: kept by session id, by connection or by process. */
export interface SessionState {
  /** Tells it from every other. Not what the caller presents: fit for keeping. */
  readonly key: string
  end(): Promise<void>
  setLogLevel(level: LogLevel): Promise<void>
  /** Whether there was room for another resource to be told of. */
  watch(uri: string): Promise<boolean>
  unwatch(uri: string): Promise<void>
  isWatching(uri: string): boolean | Promise<boolean>
}

export type Identified = Received & { readonly principal: Principal } & Proven<'identified'>
export type Understood = Identified & { readonly message: Message } & Proven<'understood'>
/** `budget` is what the limiter wants told: the values of the `RateLimit` header fields. */
export type Admitted = Understood & { readonly budget: Budget | undefined } & Proven<'admitted'>
/** What the id of a task says once it was opened. */
export interface TaskId {
  /** The tool's name on our wire. */
  readonly tool: string
  /** What its executor knows the task by. */
  readonly inner: string
}

/** `entry` is what it concerns; undefined for lists and for the protocol's own methods. `task`: which of its tasks. */
export type Authorized = Admitted & { readonly entry: Entry | undefined; readonly task: TaskId | undefined } & Proven<'authorized'>
/**
 * `args` are the arguments as the entry takes them: what a rule judges is what an executor gets. `input` is what a retry brings to an
 * earlier round, opened and checked.
 */
export type Validated = Authorized & { readonly args: unknown; readonly input: Input | undefined } & Proven<'validated'>
export type Approved = Validated & Proven<'approved'>

/** One approved use of an entry, while it runs: executors take nothing else, so that nothing else can be executed. */
export type Call = CallDetails & Proven<'begun'>
/** What came of it: raw from the executor, then fit to leave. */
export type Executed = { readonly request: Approved; readonly produced: Final } & Proven<'executed'>
/** `text` is the JSON of the `result` or `error` member, bounded and redacted; `code` is the error's. */
export type Released = {
  readonly kind: 'result' | 'error'
  readonly text: string
  readonly isError: boolean
  readonly code: number | undefined
} & Proven<'released'>

/** The state of the tightest limit, for the `RateLimit` and `RateLimit-Policy` fields. */
export interface Budget {
  /** What an address is counted under: a dear tool costs it more than the door knew. Not told. */
  readonly key?: string
  readonly policy: string
  readonly limit: number
  readonly windowSeconds: number
  readonly remaining: number
  readonly resetSeconds: number
}

/** What an executor brings back: a JSON-RPC result or error, not yet fit to leave. */
export type Produced =
  | { readonly kind: 'result'; readonly result: Readonly<Record<string, unknown>> }
  /** A result whose JSON was prepared and redacted when the catalogue changed (lists). */
  | { readonly kind: 'prepared'; readonly text: string }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly data?: unknown }
  /** More is needed from the caller first. `guards/rounds` asks for it; then the executor is run again, or `resume` called. */
  | {
      readonly kind: 'input'
      readonly requests: InputRequests
      readonly state?: unknown
      readonly resume?: Resume
      /** Called where there will be no answer: the work that waits for it can end. */
      readonly abandon?: (() => void) | undefined
    }

/** What an executor brings back, at once or later. */
export type Execution = Decision<Produced> | Promise<Decision<Produced>>

/** What nothing more is needed for. */
export type Final = Exclude<Produced, { readonly kind: 'input' }>
/** The same, at once or later. */
export type Conclusion = Decision<Final> | Promise<Decision<Final>>

export const isFinal = (outcome: Decision<Produced>): outcome is Decision<Final> => !outcome.allowed || outcome.value.kind !== 'input'

/** Goes on with work that was only waiting: an upstream that cannot be asked anew. `call`: the request that brings the answers. */
export type Resume = (responses: InputResponses, call: Call) => Execution

/** A request whose last stage is not known to the reader: what audit and wire are given. */
export type Partway = Received & {
  readonly principal?: Principal | undefined
  readonly message?: Message | undefined
  readonly entry?: Entry | undefined
  readonly task?: TaskId | undefined
  readonly budget?: Budget | undefined
  readonly input?: Input | undefined
  /** Secrets that were taken out of what was answered, by kind: for the record. */
  readonly taken?: Taken | undefined
  /** Of the decision on it, where something needed that before there was one. */
  readonly decisionId?: string | undefined
}

// The steps. Each writes what its stage learned onto the one object, and changes its type: nothing else casts.
type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

export function identify(request: Received, principal: Principal): Identified {
  ;(request as Writable<Partway>).principal = principal
  return request as Identified
}
export function understand(request: Identified, message: Message): Understood {
  ;(request as Writable<Partway>).message = message
  return request as Understood
}
export function admit(request: Understood, budget: Budget | undefined): Admitted {
  ;(request as Writable<Partway>).budget = budget
  return request as Admitted
}
export function authorize(request: Admitted, entry: Entry | undefined, task?: TaskId): Authorized {
  ;(request as Writable<Partway>).entry = entry
  if (task) (request as Writable<Partway>).task = task
  return request as Authorized
}
export function validated(request: Authorized, args?: unknown, input?: Input): Validated {
  ;(request as Writable<Validated>).args = args
  if (input) (request as Writable<Partway>).input = input
  return request as Validated
}
/** Not a step: what `release` notes for `audit`. */
export function tookOut(request: Approved, taken: Taken): void {
  const before = (request as Partway).taken
  const sum = before ? [...taken].map(([kind, count]) => [kind, count + (before.get(kind) ?? 0)] as const) : taken
  ;(request as Writable<Partway>).taken = new Map([...(before ?? []), ...sum])
}
/** Not a step either: the id that the decision on it will have. */
export function decisionOf(request: Partway): string {
  const id = request.decisionId ?? createDecisionId(request.receivedAt)
  ;(request as Writable<Partway>).decisionId = id
  return id
}
export const approved = (request: Validated): Approved => request as Approved
export const begun = (_: Approved, details: CallDetails): Call => details as Call
/** The same use, going on without the request that it began with: a task. */
export const detached = (_: Call, details: CallDetails): Call => details as Call
export const executed = (request: Approved, produced: Final): Executed => ({ request, produced }) as Executed
export const released = (_: Executed, kind: 'result' | 'error', text: string, isError: boolean, code?: number): Released =>
  ({ kind, text, isError, code }) as Released
