/**
 * A result whose texts have no room: the beginning of what it says, a sentence that tells a model how to read on, and links to the rest.
 *
 * Stores what it is given, which is redacted by then. Fails closed: undefined where it cannot be stored, or where not even a link has room.
 *
 * @module
 */

import { BYTES_A_TOKEN, type JsonObject } from '../../core/index.ts'
import { READ_RESULT, type ResultUris, type Room, type StoredResults } from '../results/index.ts'
import { headOf } from './head.ts'
import { isSaid, linkTo } from './links.ts'
import { promiseOf } from './promise.ts'
import { prune } from './prune.ts'
import { hasRoom, sizeOf } from './size.ts'
import type { Leaving } from './steps.ts'

export interface CutOptions {
  readonly uris: ResultUris
  readonly stored: Pick<StoredResults, 'keep'>
  /** Whether there is a tool to read on with. */
  readonly tool: boolean
}

/** Of a text that is cut: what a model needs to see whether it wants more. */
const HEAD_BYTES = 8_192
/** Escapes take their room, too: the first of these that has it. */
const HEAD_SHARES = [1, 0.5, 0.2, 0.05, 0]
/** What the note and the link beside a head take. */
const NOTE_BYTES = 1_400
/** What stays as it is beside a text that is cut. */
const SMALL_BYTES = 256

export function createCut({ uris, stored, tool }: CutOptions) {
  return async function cut(result: JsonObject, leaving: Leaving, room: Room): Promise<JsonObject | undefined> {
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

/** What is longer is not compared. */
const MAX_COMPARED = 1024 * 1024

/** The same value with spaces, as most servers write it beside the structured content. */
const isIndented = (text: string, value: unknown, compact: string): boolean =>
  text.length > compact.length &&
  text.length < compact.length * 4 &&
  text.length < MAX_COMPARED &&
  text === JSON.stringify(value, undefined, 2)
