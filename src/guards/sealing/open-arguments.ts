/**
 * Opens what came sealed, before anything judges it.
 *
 *   sent ─▶ a key of ours? ─▶ opens? ─▶ for this tool, field and caller? ─▶ made now? ─▶ for the first time? ─▶ the value in its place
 *
 * Fails closed: what is in clear where nothing may be is refused, and a value that is refused is never named.
 *
 * @module
 */

import { hash } from 'node:crypto'
import { allow, type Clock, type Decision, type Entry, type JsonObject, type SealedProblem } from '../../core/index.ts'
import {
  argumentPointer,
  bindingOf,
  type ContentKeys,
  handleOf,
  MAX_AGE_SECONDS,
  openField,
  SKEW_SECONDS,
  USED_FOR_SECONDS,
  withValue,
} from '../../payload/index.ts'
import type { Counters } from '../../storage/index.ts'
import type { ArgumentSteps, Sender } from '../arguments.ts'
import type { SealingAnswers } from './answers.ts'
import type { PayloadKey } from './key-record.ts'
import type { PayloadKeys } from './keys.ts'
import { type By, readSent, type SentField } from './sent.ts'

export interface OpenArgumentsOptions {
  readonly keys: PayloadKeys
  readonly contentKeys: ContentKeys
  readonly answers: SealingAnswers
  /** What was used once. */
  readonly counters: Counters
  readonly clock: Clock
}

/** A call with sealed values: all that is the same for each of them. */
interface SealedCall {
  readonly entry: Entry
  readonly args: JsonObject
  readonly sender: Sender
  readonly fields: readonly [SentField, ...SentField[]]
}
type Opened = { readonly value: JsonObject } | { readonly pointer: string; readonly problem: SealedProblem }

export function createOpenArguments({ keys, contentKeys, answers, counters, clock }: OpenArgumentsOptions): ArgumentSteps['open'] {
  /** Why one is not taken. What its header says counts only once it has opened. */
  function openOne(
    key: PayloadKey,
    { path, parsed }: SentField,
    { entry, sender }: SealedCall,
  ): SealedProblem | { readonly value: unknown } {
    const { epk, bnd, iat } = parsed.header
    const contentKey = contentKeys.of(key.privateKey, key.kid, epk, 'request')
    const found = contentKey && openField(parsed, contentKey)
    if (!found) return 'does_not_open'
    const place = { tool: entry.origin.name, pointer: argumentPointer(path), principal: handleOf(sender.principal) }
    if (bnd !== bindingOf(place)) return 'bound_elsewhere'
    // A person may have thought about it, or a task waited.
    if (sender.isAgain) return found
    const now = Math.floor(clock() / 1000)
    if (iat < now - MAX_AGE_SECONDS - SKEW_SECONDS) return 'too_old'
    return iat > now + SKEW_SECONDS ? 'from_the_future' : found
  }

  function openAll(key: PayloadKey, call: SealedCall): Opened {
    let value = call.args
    for (const field of call.fields) {
      const found = openOne(key, field, call)
      if (typeof found === 'string') return { pointer: argumentPointer(field.path), problem: found }
      value = withValue(value, field.path, found.value)
    }
    return { value }
  }

  async function openWith(key: PayloadKey | undefined, call: SealedCall): Promise<Decision<JsonObject>> {
    const { entry, sender, fields } = call
    const { principal, isAgain } = sender
    const { path, parsed } = fields[0]
    const { epk, call: id } = parsed.header
    const first = argumentPointer(path)
    const opened: Opened = key ? openAll(key, call) : { pointer: first, problem: 'unknown_key' }
    if ('problem' in opened) return answers.refuse(entry, principal, opened.pointer, opened.problem, epk)
    // Last, so that nobody uses up what is not theirs.
    const isFirst = isAgain || (await counters.takeOnce(`sealed ${hash('sha256', `${epk} ${id}`, 'base64url')}`, USED_FOR_SECONDS))
    return isFirst ? allow(opened.value) : answers.refuse(entry, principal, first, 'used_before', epk)
  }

  /** Nothing in it is sealed, and its result will be: not to a key with which nothing can be agreed, once all has been done. */
  async function openable(entry: Entry, args: JsonObject, { principal }: Sender, { epk }: By): Promise<Decision<JsonObject>> {
    const { privateKey, kid } = (await keys.current()).keys.at(-1) as PayloadKey
    return contentKeys.of(privateKey, kid, epk, 'result') ? allow(args) : answers.demand(entry, principal, undefined, undefined)
  }

  return function open(entry, args, sender) {
    const { principal, meta } = sender
    const sent = readSent(entry, args, meta)
    switch (sent.kind) {
      case 'agree':
        return answers.demand(entry, principal, undefined, sent.epk.x)
      case 'plain':
        return answers.demand(entry, principal, sent.path, sent.epk?.x)
      case 'wrong':
        return answers.refuse(entry, principal, sent.path, sent.problem, undefined)
      case 'sealed': {
        const [first, ...more] = sent.fields
        if (!first) return sent.by && entry.sealed?.results.length ? openable(entry, args, sender, sent.by) : allow(args)
        const call: SealedCall = { entry, args, sender, fields: [first, ...more] }
        const found = keys.find(first.parsed.header.kid)
        return found instanceof Promise ? found.then((key) => openWith(key, call)) : openWith(found, call)
      }
    }
  }
}
