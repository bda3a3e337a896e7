/**
 * One live way to an upstream: a child process, or an HTTP endpoint. A link frames, correlates and bounds; it does not
 * know about eras beyond what `speak` told it, nor about restarts (`upstream.ts`).
 *
 * @module
 */

import { type Decision, deny, type JsonObject, type Produced } from '../../core/index.ts'
import type { Ended } from '../../sandbox/index.ts'
import type { Exchange } from './exchange.ts'

export interface Link {
  /** Sends it and answers our id. Settles it, soon or later, whatever happens. */
  send(exchange: Exchange): number
  /** Forgets an exchange whose caller went away, and tells the upstream as its transport wants it told. */
  cancel(id: number): void
  notify(method: string, params: JsonObject | undefined): void
  /** From now on requests are framed for this revision. */
  speak(dialect: Dialect): void
  /** Listens for what the upstream says unasked: from now on for this, whatever it was before. */
  listen(wanted: Wanted): void
  close(): Promise<void>
}

/** What `_meta` and headers depend on. `meta` goes into every request, where there is one. */
export interface Dialect {
  readonly era: 'modern' | 'legacy' | 'probing'
  readonly version: string
  readonly meta: JsonObject | undefined
  /** Whether it sends log messages: then a modern one is told how much of that a caller wants. */
  readonly logs?: boolean
}

export type ListKind = 'tools' | 'prompts' | 'resources'

/** Lists whose changes it announces, and resources and tasks whose changes somebody wants to hear of. */
export interface Wanted {
  readonly changes: readonly ListKind[]
  readonly uris: readonly string[]
  readonly tasks: readonly string[]
}

export const isEmpty = ({ changes, uris, tasks }: Wanted): boolean => changes.length === 0 && uris.length === 0 && tasks.length === 0

/** Nobody listened for a while. */
export function missed({ changes, uris }: Wanted, events: Pick<LinkEvents, 'listChanged' | 'updated'>): void {
  for (const kind of changes) events.listChanged(kind)
  if (uris.length > 0) events.updated(undefined)
}

/** What a link tells its owner. */
export interface LinkEvents {
  readonly listChanged: (kind: ListKind) => void
  /** The resource has changed; undefined: any may have, as nobody listened for a while. */
  readonly updated: (uri: string | undefined) => void
  /** The task, as the upstream shows it. */
  readonly taskChanged: (task: JsonObject) => void
  /** It can carry nothing any more; everything in flight has been settled. At most once. */
  readonly lost: (problem: string) => void
  /** HTTP: the server forgot the session (2025-11-25 transports §Session Management 4). Resolves once a new one stands, or could not be made. */
  readonly renew: () => Promise<boolean>
}

/** Results are read into this budget and never beyond. */
export const MAX_MESSAGE_BYTES: number = 64 * 1024 * 1024
export const MAX_DEPTH = 64

const unavailable = (sentence: string): Decision<never> => deny({ reason: 'upstream_unavailable', sentence })

/** The sentences a caller may see. They name the upstream by our own id and nothing that it said. */
export const sentences = {
  stopped: (server: string): Decision<Produced> =>
    unavailable(`The server ${server} stopped while it was answering. It is being restarted; the call may or may not have taken effect.`),
  /** `did`: what it did that it may not. */
  keptIn: (server: string, why: Ended, did: string): Decision<Produced> =>
    deny({
      reason: 'sandbox_stopped',
      why,
      sentence: `The server ${server} ${did} and was ended. It is being restarted; the call may or may not have taken effect.`,
    }),
  down: (server: string): Decision<Produced> => unavailable(`The server ${server} is not running at the moment. Try again later.`),
  unreachable: (server: string): Decision<Produced> =>
    unavailable(`The server ${server} cannot be reached at the moment. Try again later.`),
  brokenOff: (server: string): Decision<Produced> =>
    unavailable(`The connection to the server ${server} broke while it was answering; the call may or may not have taken effect.`),
  busy: (server: string): Decision<Produced> =>
    unavailable(`The server ${server} does not take any more requests at the moment. Try again later.`),
  garbled: (server: string): Decision<Produced> => unavailable(`The server ${server} gave an answer that is not valid MCP.`),
  tooDeep: (server: string): Decision<Produced> =>
    unavailable(`The server ${server} gave an answer that is nested deeper than ${MAX_DEPTH} levels.`),
  asksTooMuch: (server: string): Decision<Produced> =>
    unavailable(`The server ${server} asked for further input that is too large to be passed on.`),
  lacksCapability: (server: string): Decision<Produced> =>
    unavailable(`The server ${server} needs a capability of the client that this gateway does not pass on.`),
  redefined: (server: string): Decision<Produced> =>
    unavailable(`The server ${server} has changed the definition of this tool. It has been read again; try once more.`),
  refused: (server: string, status: number): Decision<Produced> =>
    unavailable(`The server ${server} refused the request (HTTP ${status}).`),
  crowded: (): Decision<Produced> =>
    deny({ reason: 'overloaded', problem: 'Too many large results are being read at the moment: try again.' }),
  tooLarge: (): Decision<Produced> => deny({ reason: 'result_too_large', limitBytes: MAX_MESSAGE_BYTES }),
} as const
