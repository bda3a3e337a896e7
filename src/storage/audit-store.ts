/** The seam for the audit trail: append-only, hash-chained, searchable. @module */

/** One decision. Never holds an argument, a result, a header or a credential. */
export interface AuditRecord {
  /** `dec_…`: what `sallyport why` takes. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly decision: 'allow' | 'deny' | 'error'
  /** The denial's reason; `allowed`; `crashed`; or, for an allowed call whose answer was an error, `upstream_error` or `tool_error`. */
  readonly reason: string
  /** What a person does: `tools/call`, `sign-in`, `key.create`, … */
  readonly action: string
  /** Tool, prompt or resource. */
  readonly target?: string | undefined
  readonly server?: string | undefined
  readonly subject?: string | undefined
  readonly issuer?: string | undefined
  /** `Principal.user` of whom another issuer vouches for: where it is not `subject`. */
  readonly user?: string | undefined
  readonly clientId?: string | undefined
  /** What the client says it is. */
  readonly clientName?: string | undefined
  readonly credential?: string | undefined
  readonly credentialId?: string | undefined
  readonly transport: string
  readonly address?: string | undefined
  readonly version?: string | undefined
  /** Which rule decided: `default tools:execute`, `sallyport.yaml:12 notes: write_*`. */
  readonly rule?: string | undefined
  /** What the caller was told, and what would have allowed it. */
  readonly sentence?: string | undefined
  /** The facts that the decision rests on: required and granted scopes, roles, the limit's policy. */
  readonly facts?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined
  /** The decision on the call in whose course this one was made: a snippet's. */
  readonly within?: string | undefined
  readonly durationMs: number
  /** The host's id of the tool use (`claudecode/toolUseId`): joins this record with the host's transcript. */
  readonly hostToolUseId?: string | undefined
  readonly traceparent?: string | undefined
  /** SHA-256, in hex, of the sealed arguments, where they were kept (`audit_arguments`): they can be checked while they are there. */
  readonly argumentsHash?: string | undefined
  /** Until when they are. Milliseconds since the epoch. */
  readonly argumentsUntil?: number | undefined
  /** The message and stack of a crash, redacted. */
  readonly cause?: string | undefined
  /**
   * How many equal refusals this record stands for, where a flood is folded: 1 in the record that opens it, and the number of
   * those after it in the one that ends it.
   */
  readonly repeated?: number | undefined
}

export interface ChainedRecord {
  /** From 1, without gaps. */
  readonly sequence: number
  readonly record: AuditRecord
  /** SHA-256 in hex over the previous hash and the record as stored. */
  readonly hash: string
}

export interface AuditQuery {
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly decision?: readonly string[] | undefined
  readonly subject?: string | undefined
  readonly clientId?: string | undefined
  readonly action?: string | undefined
  readonly target?: string | undefined
  readonly hostToolUseId?: string | undefined
  /** Only what comes before this place of the trail: for paging. */
  readonly before?: number | undefined
  /** Newest first; 100 unless told, 10,000 at most. */
  readonly limit?: number | undefined
}

export type ChainState =
  | {
      readonly intact: true
      /** How many there are now. */
      readonly records: number
      readonly head: string
      /** Up to which record, and when, retention has dropped the oldest; absent where it never did. */
      readonly dropped?: { readonly through: number; readonly at: number } | undefined
    }
  | { readonly intact: false; readonly records: number; readonly brokenAt: number; readonly problem: string }

/** What is chained, and what a reader gets again. */
export const textOf = (record: AuditRecord | string): string => (typeof record === 'string' ? record : JSON.stringify(record))

export interface AuditStore {
  /** Extends the chain by all of them, in order, in one transaction: all or none. A string is a record's JSON, written already. */
  append(records: readonly (AuditRecord | string)[]): Promise<void>
  get(id: string): Promise<ChainedRecord | undefined>
  search(query: AuditQuery): Promise<readonly ChainedRecord[]>
  /**
   * Removes the oldest records, up to the first that is not older than `before` (milliseconds since the epoch), in small batches; the
   * newest of all stays. The chain goes on from a sealed anchor. What was wrong with those that go is kept in it. Answers how many.
   */
  drop(before: number): Promise<number>
  /** Recomputes every hash from the first record that is kept. `progress` is called now and then. */
  verify(progress?: (checked: number, total: number) => void): Promise<ChainState>
}

/** `notes.read_file`, of a server of many as well: there the name has the server in front already, as `notes__read_file`. */
export function targetOf({ server, target }: Pick<AuditRecord, 'server' | 'target'>): string | undefined {
  if (server === undefined || target === undefined) return target
  return `${server}.${target.startsWith(`${server}__`) ? target.slice(server.length + 2) : target}`
}
