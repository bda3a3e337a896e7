/**
 * How a call that was refused while it ran as a task would have been answered: by the one switch, for a caller that hears of it
 * later (tasks extension §task execution errors).
 *
 * @module
 */

import { type Denial, deny, type Partway } from '../core/index.ts'
import type { AnswerOf } from '../guards/index.ts'
import { type Surroundings, toWire } from './wire.ts'

/** All that the switch asks of a request whose caller has its answer already. */
const call = { id: 0, receivedAt: 0, message: { era: 'modern', method: 'tools/call' } } as Partway
const nowhere: Surroundings = { resourceMetadataUrl: () => undefined, challengeScopes: () => [] }

export const toTaskEnd: AnswerOf = (outcome: Denial | 'crashed', decisionId: string) => {
  const { body } = toWire(call, outcome === 'crashed' ? outcome : deny(outcome), decisionId, nowhere)
  const { result, error } = JSON.parse(body as string)
  if (!result) return { error }
  const { resultType: _, ...plain } = result
  return { result: plain }
}
