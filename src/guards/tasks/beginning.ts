/**
 * How a task begins: with its record, before its caller is told of it and before its work runs (tasks extension §task creation).
 *
 * Fails closed: over a bound, or without a record, there is no task and nothing runs.
 *
 * @module
 */

import {
  allow,
  type Call,
  type Clock,
  createId,
  type Decision,
  deny,
  type JsonObject,
  type Produced,
  principalKey,
  subjectOf,
  type TaskSupport,
  userInRecord,
} from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { ArgumentSteps } from '../arguments.ts'
import type { Places } from './places.ts'
import type { Runner } from './runner.ts'
import { LEASE_MS } from './task-life.ts'
import { firstRound } from './task-round.ts'
import { type TaskState, toTask } from './task-state.ts'
import type { StoredCall, TaskStore } from './task-store.ts'

export interface BeginningOptions {
  readonly store: TaskStore
  readonly runner: Pick<Runner, 'start'>
  readonly places: Places
  readonly clock: Clock
  /** Where the tool does not say. */
  readonly ttlMs: number
  readonly pollIntervalMs: number
  /** What of a call came sealed. */
  readonly openSealed: ArgumentSteps['open']
}

const ID_CHARACTERS = 26

export function createBeginning({
  store,
  runner,
  places,
  clock,
  ttlMs,
  pollIntervalMs,
  openSealed,
}: BeginningOptions): (call: Call, support: TaskSupport) => Promise<Decision<Produced>> {
  async function begin(call: Call, support: TaskSupport): Promise<Decision<Produced>> {
    const owner = principalKey(call.principal)
    const leave = places.enter(owner, call.entry)
    if (typeof leave === 'object') return deny(leave)
    let isGone = false
    call.onAbort(() => {
      isGone = true
    })
    let isRunning = false
    try {
      const id = createId('', ID_CHARACTERS)
      const state = initial(call, support)
      const opened = await openedOf(call)
      if (!opened.allowed) return opened
      const stored = toStored(call, opened.value)
      const refused = await store.create(id, state, stored)
      if (refused) return deny(refused)
      if (isGone) {
        // Never told of, so that nobody could ask for it or stop it.
        await store.remove(id)
        return deny({ reason: 'cancelled' })
      }
      runner.start({ id, state, began: call, stored, input: call.input, leave })
      isRunning = true
      return allow({ kind: 'result', result: { ...toTask(id, state), resultType: 'task' } })
    } finally {
      if (!isRunning) leave()
    }
  }

  /** Undefined: nothing of it came sealed. */
  async function openedOf({ entry, params, principal, meta }: Call): Promise<Decision<JsonObject | undefined>> {
    const args = params['arguments']
    return entry.sealed && isObject(args) ? openSealed(entry, args, { principal, meta, isAgain: true }) : allow(undefined)
  }

  function initial({ entry, principal, input }: Call, support: TaskSupport): TaskState {
    const now = clock()
    const { issuer, subject, clientId, credential, credentialId } = principal
    return {
      status: 'working',
      tool: entry.name,
      createdAt: now,
      updatedAt: now,
      ttlMs: support.ttlMs ?? ttlMs,
      pollIntervalMs: support.pollIntervalMs ?? pollIntervalMs,
      revision: 0,
      leaseUntil: now + LEASE_MS,
      round: firstRound(input),
      who: {
        issuer,
        subject,
        user: userInRecord(principal),
        clientId,
        credential,
        credentialId,
        server: entry.origin.server,
        rule: entry.rule,
      },
      keptFor: subjectOf(principal),
    }
  }

  return begin
}

const toStored = ({ entry, params, meta, capabilities, parameters }: Call, opened: JsonObject | undefined): StoredCall => ({
  params: { name: entry.name, arguments: params['arguments'] },
  opened,
  meta,
  capabilities,
  parameters,
})
