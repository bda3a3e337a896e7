/**
 * What is larger than its caller may get at once becomes a head and links:
 *
 *   images, audio, files ─▶ a link each, the largest first, until the rest has room
 *   text                 ─▶ its beginning, what it is, and a link
 *   structured content   ─▶ shortened so that it is still what the tool promises, else an error result
 *
 * All of it is redacted before anything is stored. Fails closed: what cannot be stored is withheld.
 *
 * @module
 */

import { allow, BYTES_A_TOKEN, type Decision, deny, type Entry, type JsonObject, type Redactor, type Work } from '../../core/index.ts'
import { fromWireSchema } from '../../payload/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Budgets, Flow, ResultUris, Room, StoredResults } from '../results/index.ts'
import { createCut } from './cut.ts'
import { fileOf, linkTo } from './links.ts'
import { charactersOf, hasRoom, sizeOfBlock, sizeOfResult } from './size.ts'
import { changeSlowly, withoutSecrets } from './slices.ts'
import type { Leaving, Step } from './steps.ts'

export interface BudgetStepOptions {
  readonly budgets: Budgets
  readonly uris: ResultUris
  readonly stored: Pick<StoredResults, 'keep'>
  readonly work: Work
  readonly redactor: Redactor
  readonly flow?: Flow | undefined
  /** Whether there is a tool to read on with. */
  readonly tool: boolean
  /** Is told what a result would have been, and what is left of it, in tokens. */
  readonly note?: ((entry: Entry, produced: number, sent: number) => void) | undefined
}

/** Where a flow is spent. */
const SUMMARY: Room = { bytes: 2_560, tokens: 640 }
export function createBudgetStep({ budgets, uris, stored, work, redactor, flow, tool, note }: BudgetStepOptions): Step {
  const cut = createCut({ uris, stored, tool })

  return function budget(result, leaving) {
    const { entry, principal, session } = leaving
    // A head and what a link leads to would be in clear for whoever carries them: such a result is whole, or too large.
    if (entry.sealed && entry.sealed.results.length > 0) return flow ? counted(flow, result, leaving) : allow(result)
    if (flow) return inFlow(flow, result, leaving)
    const room = budgets.of(entry, principal)
    return hasRoom(result, room) && !wantsLinks(entry, result) ? allow(result) : reduced(result, leaving, room)

    async function inFlow(of: Flow, whole: JsonObject, to: Leaving): Promise<Decision<JsonObject>> {
      const isSpent = await of.isSpent(principal, session)
      const given = budgets.of(entry, principal)
      const left = isSpent ? tighter(given, SUMMARY) : given
      const outcome = hasRoom(whole, left) && !wantsLinks(entry, whole) ? allow(whole) : await reduced(whole, to, left)
      return outcome.allowed ? counted(of, outcome.value, to) : outcome
    }
  }

  async function counted(of: Flow, result: JsonObject, { principal, session }: Leaving): Promise<Decision<JsonObject>> {
    await of.add(principal, session, sizeOfResult(result).tokens)
    return allow(result)
  }

  async function reduced(result: JsonObject, leaving: Leaving, room: Room): Promise<Decision<JsonObject>> {
    // A part of what an upstream has sealed opens for nobody: that, too, is whole or too large.
    if (hasSealedResult(leaving.entry)) return deny({ reason: 'result_too_large', limitBytes: room.bytes })
    const characters = charactersOf(result)
    const leave = work.enter(characters)
    if (!leave) return deny({ reason: 'overloaded', problem: 'Too many large results are in work at the moment: try again.' })
    try {
      const taken = new Map<string, number>()
      const small = await reduce((await changeSlowly(result, withoutSecrets(redactor, taken))) as JsonObject, leaving, room)
      if (taken.size > 0) leaving.took?.(taken)
      if (!small) return deny({ reason: 'result_too_large', limitBytes: room.bytes })
      note?.(leaving.entry, Math.ceil(characters / BYTES_A_TOKEN), sizeOfResult(small).tokens)
      return allow(small)
    } finally {
      leave()
    }
  }

  /** Undefined: there is no room for it, or no place to keep it. */
  async function reduce(result: JsonObject, leaving: Leaving, room: Room): Promise<JsonObject | undefined> {
    const linked = await linkFiles(result, leaving, room)
    if (!linked || hasRoom(linked, room)) return linked
    return cut(linked, leaving, room)
  }

  /** The largest first. Where a tool's rule says so, all of them. */
  async function linkFiles(result: JsonObject, leaving: Leaving, room: Room): Promise<JsonObject | undefined> {
    const { entry, principal } = leaving
    const content = Array.isArray(result['content']) ? [...(result['content'] as unknown[])] : undefined
    if (!content) return result
    const files = content.flatMap((block, at) => {
      const file = fileOf(block)
      return file ? [{ at, file, size: sizeOfBlock(block).bytes }] : []
    })
    files.sort((one, other) => other.size - one.size)
    for (const { at, file } of files) {
      const isWanted = entry.release?.images === 'link' && 'base64' in file.kept
      if (!isWanted && hasRoom({ ...result, content }, room)) continue
      const kept = await stored.keep(file.kept, file.mimeType, entry, principal)
      if (!kept) return undefined
      content[at] = linkTo(leaving, uris.toUri(kept.id), kept, file.name ?? `${entry.name} ${at + 1}`, file.mimeType)
    }
    return { ...result, content }
  }
}

const wantsLinks = ({ release }: Entry, { content }: JsonObject): boolean =>
  release?.images === 'link' &&
  Array.isArray(content) &&
  content.some((block) => {
    const file = fileOf(block)
    return file !== undefined && 'base64' in file.kept
  })

const tighter = (one: Room, other: Room): Room => ({
  bytes: Math.min(one.bytes, other.bytes),
  tokens: Math.min(one.tokens, other.tokens),
})

const hasSealedResult = ({ definition: { outputSchema } }: Entry): boolean =>
  isObject(outputSchema) && (fromWireSchema(outputSchema)?.paths.length ?? 0) > 0
