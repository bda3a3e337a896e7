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
import { compileResultCheck } from '../../schema/index.ts'
import { type Budgets, type Flow, READ_RESULT, type ResultUris, type Room, type StoredResults } from '../results/index.ts'
import { headOf } from './head.ts'
import { fileOf, isSaid, linkTo } from './links.ts'
import { prune } from './prune.ts'
import { charactersOf, type Size, sizeOf, sizeOfBlock, sizeOfResult } from './size.ts'
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

/** Of a text that is cut: what a model needs to see whether it wants more. */
const HEAD_BYTES = 8_192
/** Escapes take their room, too: the first of these that has it. */
const HEAD_SHARES = [1, 0.5, 0.2, 0.05, 0]
/** Where a flow is spent. */
const SUMMARY: Room = { bytes: 2_560, tokens: 640 }
/** What the note and the link beside a head take. */
const NOTE_BYTES = 1_400
/** What stays as it is beside a text that is cut. */
const SMALL_BYTES = 256

export function createBudgetStep({ budgets, uris, stored, work, redactor, flow, tool, note }: BudgetStepOptions): Step {
  const checks = new WeakMap<Entry, (value: unknown) => boolean>()

  /** Of an upstream's tool nobody has checked results so far: a client of it will. */
  function promiseOf(entry: Entry): (value: unknown) => boolean {
    let check = checks.get(entry)
    if (check) return check
    const { outputSchema } = entry.definition
    // What is promised of what a rule has left is what lists say of it.
    const given = entry.release?.only ? undefined : entry.checkResult
    const compiled = !given && isObject(outputSchema) ? compileResultCheck(outputSchema, 'noted') : undefined
    const own = given ?? (compiled && 'check' in compiled ? compiled.check : undefined)
    check = own ? (structuredContent) => own({ structuredContent }) === undefined : () => !isObject(outputSchema)
    checks.set(entry, check)
    return check
  }

  return function budget(result, leaving) {
    const { entry, principal, session } = leaving
    // A head and what a link leads to would be in clear for whoever carries them: such a result is whole, or too large.
    if (entry.sealed && entry.sealed.results.length > 0) return allow(result)
    if (flow) return inFlow(flow, result, leaving)
    const room = budgets.of(entry, principal)
    return hasRoom(result, room) && !wantsLinks(entry, result) ? allow(result) : reduced(result, leaving, room)

    async function inFlow(of: Flow, whole: JsonObject, to: Leaving): Promise<Decision<JsonObject>> {
      const isSpent = await of.isSpent(principal, session)
      const given = budgets.of(entry, principal)
      const left = isSpent ? tighter(given, SUMMARY) : given
      const outcome = hasRoom(whole, left) && !wantsLinks(entry, whole) ? allow(whole) : await reduced(whole, to, left)
      if (outcome.allowed) await of.add(principal, session, sizeOfResult(outcome.value).tokens)
      return outcome
    }
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
    return cutTexts(linked, leaving, room)
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

  async function cutTexts(result: JsonObject, leaving: Leaving, room: Room): Promise<JsonObject | undefined> {
    const { entry, principal } = leaving
    const { content, structuredContent, _meta, ...rest } = result
    const blocks = Array.isArray(content) ? (content as JsonObject[]) : []
    const texts = blocks.flatMap((block) => (isSaid(block) && typeof block['text'] === 'string' ? [block['text']] : []))
    const others = blocks.filter((block) => !isSaid(block))
    const structured = structuredContent === undefined ? undefined : JSON.stringify(structuredContent)
    const joined = texts.join('\n\n')
    const isMirror =
      structured !== undefined && (joined === structured || joined === '' || isIndented(joined, structuredContent, structured))
    const whole = isMirror ? structured : joined
    const links: JsonObject[] = []
    const kept = await stored.keep({ text: whole }, isMirror ? 'application/json' : 'text/plain', entry, principal)
    if (!kept) return undefined
    const uri = uris.toUri(kept.id)
    links.push(linkTo(leaving, uri, kept, `result of ${entry.name}`, isMirror ? 'application/json' : 'text/plain'))
    const most = Math.min(room.bytes, room.tokens * BYTES_A_TOKEN)
    let pruned: unknown
    if (structured !== undefined) {
      const left = Math.floor(most / 2) - NOTE_BYTES
      pruned =
        Buffer.byteLength(structured) <= Math.max(left, SMALL_BYTES) ? structuredContent : prune(structuredContent, left, promiseOf(entry))
      if (!isMirror && pruned !== structuredContent) {
        const more = await stored.keep({ text: structured }, 'application/json', entry, principal)
        if (!more) return undefined
        links.push(linkTo(leaving, uris.toUri(more.id), more, `structured result of ${entry.name}`, 'application/json'))
      }
    }
    const promised = structured === undefined || pruned !== undefined
    const meta = _meta !== undefined && sizeOf(_meta).bytes <= SMALL_BYTES ? { _meta } : {}
    for (const share of HEAD_SHARES) {
      const head = headOf(whole, Math.floor(Math.min(HEAD_BYTES, most / 2) * share))
      const told = sentence({ kept, uri, head: head.bytes, tool, isCut: pruned !== structuredContent && promised, isBroken: !promised })
      const answer = {
        ...rest,
        ...meta,
        content: [...(head.text === '' ? [] : [{ type: 'text', text: head.text }]), { type: 'text', text: told }, ...links, ...others],
        ...(structured === undefined || !promised ? {} : { structuredContent: pruned }),
        ...(promised ? {} : { isError: true }),
      }
      if (hasRoom(answer, room)) return answer
    }
    return undefined
  }
}

interface Told {
  readonly kept: { readonly bytes: number; readonly expiresAt: number }
  readonly uri: string
  readonly head: number
  readonly tool: boolean
  readonly isCut: boolean
  readonly isBroken: boolean
}

/** For a model: what it has before it, and how to get more. */
function sentence({ kept: { bytes, expiresAt }, uri, head, tool, isCut, isBroken }: Told): string {
  const tokens = Math.ceil(bytes / BYTES_A_TOKEN)
  const by = tool ? `the tool ${READ_RESULT}, or resources/read` : 'resources/read'
  return [
    `This result is too large to send: ${bytes} bytes, about ${tokens} tokens. Above are its first ${head} bytes.`,
    ...(isCut ? ['The structured content is shortened: long texts are cut and long lists end early.'] : []),
    ...(isBroken ? ['It cannot be shortened to what the tool promises, so that this is an error.'] : []),
    `Read on with ${by}: ${uri}?offset=${head}&length=65536, or find words in it: ${uri}?search=WORDS.`,
    `It is kept until ${new Date(expiresAt).toISOString()}, for this caller alone.`,
  ].join(' ')
}

function hasRoom(result: JsonObject, room: Room): boolean {
  // Most of what has no room is told without writing it out.
  if (charactersOf(result, room.bytes) > room.bytes) return false
  const { bytes, tokens }: Size = sizeOfResult(result)
  return bytes <= room.bytes && tokens <= room.tokens
}
/** What is longer is not compared. */
const MAX_COMPARED = 1024 * 1024

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

/** The same value with spaces, as most servers write it beside the structured content. */
const isIndented = (text: string, value: unknown, compact: string): boolean =>
  text.length > compact.length &&
  text.length < compact.length * 4 &&
  text.length < MAX_COMPARED &&
  text === JSON.stringify(value, undefined, 2)

const hasSealedResult = ({ definition: { outputSchema } }: Entry): boolean =>
  isObject(outputSchema) && (fromWireSchema(outputSchema)?.paths.length ?? 0) > 0
