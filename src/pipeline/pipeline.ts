/**
 * The whole life of a request, in the order it happens. Each stage accepts only what the stage before it returns, so this
 * order is the only one that compiles.
 *
 * @module
 */

import {
  type Admitted,
  type Approved,
  type Authorized,
  createDecisionId,
  type Decision,
  type Denial,
  deny,
  type Executed,
  type Guard,
  type Identified,
  type Message,
  type Partway,
  type Received,
  type Released,
  type Understood,
  understand,
  type Validated,
} from '../core/index.ts'
import type { Audit, Outcome } from '../guards/index.ts'
import { type Answer, type Surroundings, sentenceOf, toWire } from './wire.ts'

export interface Stages {
  readonly authenticate: Guard<Received, Identified>
  /** What a message means, where that may be another thing than it says. Everything below judges this alone. */
  readonly meant?: ((message: Message) => Message) | undefined
  readonly limit: Guard<Understood, Admitted>
  readonly authorize: Guard<Admitted, Authorized>
  readonly validate: Guard<Authorized, Validated>
  readonly approve: Guard<Validated, Approved>
  readonly execute: Guard<Approved, Executed>
  readonly release: Guard<Executed, Released>
  readonly audit: Audit
  /** False while records cannot be kept: then nothing new is begun. */
  readonly auditing: () => boolean
}

export interface Pipeline {
  /** Whatever happens is an answer and a record. Rejects only where a record itself cannot be made: the transport answers that. */
  handle(request: Received): Promise<Answer>
  /** What the transport itself refused at the door (host, origin, address): the same record and the same switch. */
  refuse(request: Received, denial: Denial): Answer
}

export function createPipeline(stages: Stages, surroundings: Surroundings): Pipeline {
  function conclude(request: Partway, outcome: Outcome, cause?: unknown): Answer {
    const id = request.decisionId ?? createDecisionId(request.receivedAt)
    stages.audit(id, request, outcome, sentenceOf(outcome), cause)
    return toWire(request, outcome, id, surroundings)
  }
  return {
    async handle(request) {
      let outcome: Outcome
      let cause: unknown
      try {
        outcome = await run(stages, request)
      } catch (error) {
        outcome = 'crashed'
        cause = error ?? 'undefined was thrown'
      }
      return conclude(request, outcome, cause)
    },
    refuse: (request, denial) => conclude(request, deny(denial)),
  }
}

/** Waits only for what is not there yet: to await what is, at every stage, would cost as much as the stages themselves. */
async function run(stages: Stages, request: Received): Promise<Decision<Released>> {
  if (!stages.auditing()) return deny({ reason: 'overloaded', problem: 'Decisions cannot be recorded at the moment, so none is made.' })

  const identifying = stages.authenticate(request)
  const identified = identifying instanceof Promise ? await identifying : identifying
  if (!identified.allowed) return identified

  const message = await request.read()
  if (!message.allowed) return message
  const understood = understand(identified.value, stages.meant ? stages.meant(message.value) : message.value)

  const admitting = stages.limit(understood)
  const admitted = admitting instanceof Promise ? await admitting : admitting
  if (!admitted.allowed) return admitted

  const authorizing = stages.authorize(admitted.value)
  const authorized = authorizing instanceof Promise ? await authorizing : authorizing
  if (!authorized.allowed) return authorized

  const validating = stages.validate(authorized.value)
  const validated = validating instanceof Promise ? await validating : validating
  if (!validated.allowed) return validated

  const approving = stages.approve(validated.value)
  const approved = approving instanceof Promise ? await approving : approving
  if (!approved.allowed) return approved

  const executed = await stages.execute(approved.value)
  if (!executed.allowed) return executed

  return stages.release(executed.value)
}
