/**
 * How large a result may be for this tool, this caller: of every budget that is written and applies, the tightest. Where none does, the
 * default. Pure.
 *
 * @module
 */

import { BYTES_A_TOKEN, type Entry, type Principal } from '../../core/index.ts'
import { DEFAULT_RESULT_BYTES, type ResultBudget, type Results } from './options.ts'

export interface Room {
  readonly bytes: number
  readonly tokens: number
}

export interface Budgets {
  of(entry: Pick<Entry, 'release'>, principal: Principal): Room
  /** What a result of a tool without rules of its own may come to, in bytes of JSON; a larger one may still have room: images count less. */
  plain(principal: Principal): number
}

export interface BudgetsOptions extends Pick<Results, 'maxBytes' | 'maxTokens' | 'byRole' | 'byClient'> {
  /** No answer at all is larger. */
  readonly resultBytes: number
}

export function createBudgets({ resultBytes, byRole = {}, byClient = {}, ...common }: BudgetsOptions): Budgets {
  const isCommon = Object.keys(byRole).length === 0 && Object.keys(byClient).length === 0
  const kept = new WeakMap<Principal, Room>()
  const toRoom = (written: readonly (ResultBudget | undefined)[]): Room => {
    const bytes = least(written.map((each) => each?.maxBytes))
    const tokens = least(written.map((each) => each?.maxTokens))
    const isWritten = bytes !== Number.POSITIVE_INFINITY || tokens !== Number.POSITIVE_INFINITY
    return { bytes: Math.min(isWritten ? bytes : DEFAULT_RESULT_BYTES, resultBytes), tokens }
  }
  const forAll = toRoom([common])

  /** What is written for a name that objects have anyway is not written. */
  const at = (budgets: Readonly<Record<string, ResultBudget>>, name: string): ResultBudget | undefined =>
    Object.hasOwn(budgets, name) ? budgets[name] : undefined
  const writtenFor = ({ roles, clientId }: Principal): (ResultBudget | undefined)[] => [
    common,
    at(byClient, clientId),
    ...roles.map((role) => at(byRole, role)),
  ]
  function ofPrincipal(principal: Principal): Room {
    if (isCommon) return forAll
    let room = kept.get(principal)
    if (!room) kept.set(principal, (room = toRoom(writtenFor(principal))))
    return room
  }

  return {
    of({ release }, principal) {
      const isOwn = release?.maxBytes !== undefined || release?.maxTokens !== undefined
      return isOwn ? toRoom([release, ...writtenFor(principal)]) : ofPrincipal(principal)
    },
    plain(principal) {
      const { bytes, tokens } = ofPrincipal(principal)
      return Math.min(bytes, tokens * BYTES_A_TOKEN)
    },
  }
}

const least = (values: readonly (number | undefined)[]): number =>
  Math.min(...values.map((value) => value ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
