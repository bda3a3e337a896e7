/**
 * Reads a resource in the middle of a call, in the name of its caller: through the very stages that the caller's own `resources/read`
 * would go through, so that there is one decision on who may read what.
 *
 *   [authorize → validate → approve → execute]
 *
 * Nobody can be asked anything on the way. Fails closed: what those stages refuse is refused here.
 *
 * @module
 */

import {
  type Admitted,
  type Approved,
  type Authorized,
  admit,
  allow,
  type Clock,
  type Decision,
  deny,
  type Executed,
  type Guard,
  identify,
  type JsonObject,
  type Message,
  NOTHING,
  type Principal,
  type Received,
  understand,
  type Validated,
} from '../../core/index.ts'
import { MODERN_VERSION } from '../../protocol/index.ts'

export interface ReadStages {
  readonly authorize: Guard<Admitted, Authorized>
  readonly validate: Guard<Authorized, Validated>
  readonly approve: Guard<Validated, Approved>
  readonly execute: Guard<Approved, Executed>
}

/** The result as it came from its executor. */
export type ReadInside = (principal: Principal, uri: string) => Promise<Decision<JsonObject>>

/** `stages`: asked for when something is read. The stage that a reference is read in is one of them. */
export function createReadInside(stages: () => ReadStages, clock: Clock): ReadInside {
  return async function readInside(principal, uri) {
    const { authorize, validate, approve, execute } = stages()
    const asked = admit(understand(identify(received(clock()), principal), messageOf(uri)), undefined)
    const authorized = await authorize(asked)
    if (!authorized.allowed) return authorized
    const validated = await validate(authorized.value)
    if (!validated.allowed) return validated
    const approved = await approve(validated.value)
    if (!approved.allowed) return approved
    const executed = await execute(approved.value)
    if (!executed.allowed) return executed
    const { produced } = executed.value
    return produced.kind === 'result' ? allow(produced.result) : deny({ reason: 'unknown_name', kind: 'resource' })
  }
}

/** The principal is the call's, which has been authenticated. */
const received = (receivedAt: number): Received => ({
  transport: 'stdio',
  id: undefined,
  address: 'local',
  credential: undefined,
  resource: '',
  headers: NOTHING,
  receivedAt,
  read() {
    throw new Error('what is read inside a call has been read')
  },
  send() {},
  open() {},
  onCancel() {},
})

const messageOf = (uri: string): Message => ({
  era: 'modern',
  version: MODERN_VERSION,
  id: 'reference',
  method: 'resources/read',
  params: { uri },
  meta: NOTHING,
  client: undefined,
  capabilities: NOTHING,
  logLevel: undefined,
})
