/**
 * One thing that can be called, got or read, compiled when the catalogue changes: its wire definition, who may
 * use it, how its arguments are checked, and who executes it. A server and a gateway differ only in `executor`.
 *
 * @module
 */

import type { Decision } from './decision.ts'
import type { Input, JsonObject, LogLevel, Outgoing } from './message.ts'
import type { Principal } from './principal.ts'
import type { PersonalRules } from './redact/index.ts'
import type { ReferenceField } from './reference.ts'
import type { Call, Execution } from './request.ts'

export type EntryKind = 'tool' | 'prompt' | 'resource' | 'template'

/** Who may use an entry. Compiled from the guide's `permissions` block or from `sallyport.yaml`. */
export type Permission =
  | { readonly access: 'public' }
  /** All of `scopes`, and any of `roles` where there are some. */
  | { readonly access: 'protected'; readonly scopes: readonly string[]; readonly roles: readonly string[] }
  | {
      readonly access: 'private'
      readonly clients: readonly string[]
      readonly users: readonly string[]
      readonly scopes: readonly string[]
      readonly roles: readonly string[]
    }
  | { readonly access: 'denied' }

export interface Entry {
  readonly kind: EntryKind
  /** The name on our wire: a tool's or prompt's name, a resource's URI, a template's URI template. */
  readonly name: string
  /** What a list shows of it. */
  readonly definition: JsonObject
  readonly permission: Permission
  /** Whether a person must agree to each use. */
  readonly ask: boolean
  /** Which rule gave the permission, for audit and `why`: `default tools:execute`, `sallyport.yaml:12 notes: write_*`. */
  readonly rule: string
  /** Answers what is wrong with the arguments, or undefined. Names the path and the rule, never the value. */
  readonly check: ((args: unknown) => Violation | undefined) | undefined
  /**
   * What the arguments become before a rule judges them and the executor gets them: hidden characters out, defaults in. Once for each
   * request, after `check`; absent: they stay as they are. A refusal names the path and the rule, never the value.
   */
  readonly normalize?: ((args: JsonObject) => Decision<unknown> | Promise<Decision<unknown>>) | undefined
  /** A rule on what `normalize` made, decided in `approve`. */
  readonly condition?: Condition | undefined
  /** Answers what is wrong with a result, where the definition promises something of it. Names the path and the rule, never the value. */
  readonly checkResult?: ((result: JsonObject) => Violation | undefined) | undefined
  /** What leaves of its results, beyond the bounds that everything has (`guards/release`). */
  readonly release?: ReleaseRules | undefined
  readonly limits?: EntryLimits | undefined
  /** Whether the arguments of its uses are kept with the audit, sealed; as the server does unless told. */
  readonly keepsArguments?: boolean | undefined
  /** What of a tool crosses the protocol sealed; absent where nothing does. */
  readonly sealed?: SealedFields | undefined
  /** For a template: whether a URI is one of its resources. Linear in the length of the URI. */
  readonly matches?: ((uri: string) => boolean) | undefined
  /** Arguments that a modern HTTP caller mirrors into `Mcp-Param-*` headers (2026-07-28 streamable-http §x-mcp-header). */
  readonly mirrors: readonly Mirror[]
  /** Which upstream it belongs to, and its name there; for a function's entry, the server's own name. */
  readonly origin: { readonly server: string; readonly name: string }
  readonly executor: Executor
  /** Arguments that are references: what they point to takes their place, once they have passed `check`. */
  readonly references?: readonly ReferenceField[] | undefined
  /** Of one in whose place others will come that are not known yet: the scopes that those may need, so that a sign-in can ask for them. */
  readonly standsFor?: readonly string[] | undefined
}

/** What leaves of a tool's results. Compiled when the catalogue changes; a tool without rules has none of it. */
export interface ReleaseRules {
  /** What is left of a JSON value: the members that the rule names, and nothing beside them. */
  readonly only?: ((value: unknown) => unknown) | undefined
  readonly maxBytes?: number | undefined
  readonly maxTokens?: number | undefined
  /** `link`: images, audio and blobs are stored, and a link to them leaves. */
  readonly images?: 'link' | undefined
  /** What becomes of personal data in it, of resources and prompts too. */
  readonly personal?: PersonalRules | undefined
}

/** An entry that somebody could use, as it is told to them before they allow a client to. */
export interface Offer {
  readonly kind: EntryKind
  readonly name: string
  /** All of which it needs. */
  readonly scopes: readonly string[]
}

/** Where the sealed values are, each as the keys that lead to it: in the arguments, and in the `structuredContent` of a result. */
export interface SealedFields {
  readonly arguments: readonly (readonly string[])[]
  /** `[]` among them: all of it. */
  readonly results: readonly (readonly string[])[]
}

export interface Violation {
  readonly path: string
  readonly rule: string
}

export interface Condition {
  /** As its author wrote it: for the record of a refusal. */
  readonly source: string
  /** `failed`: it could not be decided, which refuses too. Never throws. */
  check(args: JsonObject, principal: Principal): 'met' | 'unmet' | 'failed'
}

/** At most `max` requests in each window; none where it is 0. */
export interface Limit {
  readonly max: number
  readonly windowMs: number
}

/** Beyond the budgets that everything has. */
export interface EntryLimits {
  /** How much one use counts against each budget; 1 unless told. */
  readonly cost?: number | undefined
  /** How many uses may run at once, of all callers together. */
  readonly concurrency?: number | undefined
  /** The budget of each principal for this entry. */
  readonly rate?: Limit | undefined
  /** How long one use may take; the engine's own deadline unless told. */
  readonly deadlineSeconds?: number | undefined
}

export interface Mirror {
  /** Lower case, `mcp-param-` included. */
  readonly header: string
  readonly path: readonly string[]
  readonly type: 'string' | 'integer' | 'boolean'
}

/** Runs what was approved: a function of ours, or a request to an upstream. */
export interface Executor {
  execute(call: Call): Execution
  /** Somebody wants to hear of changes to the resource. Answers how to stop telling; undefined: it cannot be watched, or no more can. */
  watch?(entry: Entry, uri: string, changed: () => void): (() => void) | undefined
  /** Calls of it may become tasks, which `guards/tasks` keeps and runs. Undefined where the executor has tasks of its own, or none. */
  readonly task?: TaskSupport | undefined
  /** Somebody wants to hear of a task that the executor keeps itself, under its own id: tells it as it is now, and at every change. Answers how to stop telling; undefined: no more can be watched. */
  watchTask?(entry: Entry, taskId: string, changed: (task: JsonObject) => void): (() => void) | undefined
}

/** How calls of a tool become tasks (tasks extension). */
export interface TaskSupport {
  /** Who has not declared the extension waits for the answer, or is refused. */
  readonly support: 'optional' | 'required'
  /** Asks the caller for what is needed before there is a task. It is run until it asks nothing more; its result counts for nothing. */
  readonly before?: Executor | undefined
  readonly ttlMs?: number | undefined
  readonly pollIntervalMs?: number | undefined
}

/** What an executor may know of an approved use of an entry. Neither the credential nor the way out past `release` is in it. */
export interface CallDetails {
  readonly entry: Entry
  readonly method: string
  readonly params: JsonObject
  /** What the rule has judged: of `params`, what `normalize` made of the arguments, or of a resource its `uri`. Undefined: there are none. */
  readonly args: unknown
  /** `params._meta`. */
  readonly meta: JsonObject
  /** What the caller says that it can do. */
  readonly capabilities: JsonObject
  /** The caller's `Mcp-Param-*` header fields that mirror no argument we know of (2026-07-28 streamable-http §custom headers). */
  readonly parameters: Readonly<Record<string, string>> | undefined
  readonly principal: Principal
  /** What the caller has answered to what was asked of it before; undefined in the first round. */
  readonly input: Input | undefined
  /** From which level on the caller wants log messages. What is below it, `notify` drops. */
  readonly logLevel: LogLevel | undefined
  /** Aborted when the caller goes away or the deadline passes. Made when first asked for. */
  readonly signal: AbortSignal
  /** The same as a callback, without the cost of a signal; called at once if it has happened. */
  onAbort(listener: () => void): void
  /** Milliseconds since the epoch. */
  readonly deadlineAt: number
  /** Sends progress or a log message to the caller, through `release`. */
  notify(notification: Outgoing): void
}
