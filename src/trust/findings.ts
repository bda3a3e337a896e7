/**
 * Looks a tool's definition through for what poisoned ones have: hidden characters, instructions to a model, names that look like
 * another's, hints that lie plainly (threats T05, T27, T40). Every text in it is read, wherever it stands: descriptions, titles, names of
 * parameters, enums, defaults, members that nobody knows.
 *
 * A detector: what it finds may be harmless, and a definition in which it finds nothing may be poisoned. What is certain is `drift.ts`.
 * Bounded and linear: the texts are the server's.
 *
 * @module
 */

import { type JsonObject, pointerToken } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { destructive, type FindingCode, marks, phrases, reading, reasons } from './finding-rules.ts'
import { mixesScripts, toLook } from './look-alikes.ts'
import { createPhraseFinder } from './phrases.ts'
import { cleanText } from './unicode.ts'
import { toVisibleLine } from './visible.ts'
import { toWords, wordsOfName } from './words.ts'

export interface Finding {
  readonly code: FindingCode
  /** JSON Pointer (RFC 6901) to the text, with hidden characters written out. */
  readonly at: string
  /** In our words: nothing of the server's is in it. */
  readonly why: string
}

/** What other tools of the server are called, made once for all of them. */
export interface Neighbours {
  /** How often each name is there. */
  readonly names: ReadonlyMap<string, number>
  /** How many different names look the same. */
  readonly looks: ReadonlyMap<string, number>
}

const MAX_FINDINGS = 30
const MAX_TEXTS = 5000
const MAX_CHARACTERS = 262_144
/** Of all tools of a list together: that takes a microsecond a character, and a list may have as many tools as there is room for. */
const MAX_IN_LIST = 2_097_152
const MAX_POINTER = 300

/** What may still be read of one list. */
export interface Budget {
  left: number
}
export const beginList = (): Budget => ({ left: MAX_IN_LIST })

const findPhrases = createPhraseFinder(phrases)

export function toNeighbours(tools: readonly JsonObject[]): Neighbours {
  const names = new Map<string, number>()
  const looks = new Map<string, number>()
  for (const { name } of tools) if (typeof name === 'string') names.set(name, (names.get(name) ?? 0) + 1)
  for (const name of names.keys()) looks.set(toLook(name), (looks.get(toLook(name)) ?? 0) + 1)
  return { names, looks }
}

/**
 * `neighbours`: where not all tools are known yet, names are not compared. `budget`: one for all tools of a list.
 */
export function findInTool(tool: JsonObject, neighbours?: Neighbours, budget: Budget = beginList()): readonly Finding[] {
  const found = new Map<string, Finding>()
  let texts = 0
  let left = MAX_CHARACTERS

  function report(code: FindingCode, at: string, why: string = reasons[code]): void {
    const pointer = toVisibleLine(at.slice(0, MAX_POINTER))
    if (found.size < MAX_FINDINGS) found.set(`${code} ${pointer}`, Object.freeze({ code, at: pointer, why }))
  }

  function readText(text: string, at: string, isName: boolean): void {
    if (++texts > MAX_TEXTS || text.length > Math.min(left, budget.left)) return report('unread', '')
    // One character may be eighteen where it is read.
    const { length } = text.normalize('NFKC')
    if (length > Math.min(left, budget.left)) return report('unread', '')
    left -= length
    budget.left -= length
    for (const { kind, count } of cleanText(text).removed) {
      const code = kind === 'escape-sequence' || kind === 'control' ? 'terminal_escape' : 'hidden_characters'
      // CRLF is how some write their lines.
      if (kind !== 'control' || /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)/.test(text))
        report(code, at, `${reasons[code]} (${count} ${kind})`)
    }
    if (text.length < 8) return
    for (const { code, mark } of marks) if (mark.test(text)) report(code, at)
    if (hasBlob(text)) report('encoded_blob', at)
    for (const id of findPhrases(isName ? wordsOfName(text) : toWords(text))) report(id as FindingCode, at)
    if (neighbours && !isName && namesForeignTool(text, neighbours, tool)) report('names_foreign_tool', at)
  }

  function walk(value: unknown, at: string, member: string): void {
    if (texts > MAX_TEXTS || left <= 0) return
    if (typeof value === 'string') {
      // A picture is no text, and an address of a schema is read by no model.
      if (!(member === 'src' && at.startsWith('/icons/')) && member !== '$schema') readText(value, at, false)
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => walk(item, `${at}/${index}`, member))
    } else if (isObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        const below = `${at}/${pointerToken(key)}`
        readText(key, below, true)
        walk(item, below, key)
      }
    }
  }

  walk(tool, '', '')
  const { name } = tool
  if (typeof name === 'string') {
    if (mixesScripts(name)) report('mixed_scripts', '/name')
    if ((neighbours?.looks.get(toLook(name)) ?? 0) > 1) report('look_alike', '/name')
    if ((neighbours?.names.get(name) ?? 0) > 1) report('same_name', '/name')
    if (saysItOnlyReads(tool) && saysItDeletes(name, tool['description'])) report('lying_hint', '/annotations/readOnlyHint')
  }
  return [...found.values()]
}

/** Base64 of length: letters of both cases and digits, with nothing between. */
function hasBlob(text: string): boolean {
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_=-]{160,}/g)) if (/[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9]/.test(run)) return true
  return false
}

/** `the send_email tool`, `before using send_email`, where there is none of that name, and no parameter either. */
function namesForeignTool(text: string, { names }: Neighbours, tool: JsonObject): boolean {
  const schema = tool['inputSchema']
  const parameters = isObject(schema) && isObject(schema['properties']) ? schema['properties'] : {}
  for (const [, before = '', name = '', after = ''] of text.matchAll(reference)) {
    if (names.has(name) || Object.hasOwn(parameters, name)) continue
    if (after !== '' || before !== '') return true
  }
  return false
}

const reference =
  /(?:\b(before using|before calling|instead of using|instead of calling|when calling|whenever you call|the tool) )?['"`]?\b([a-z][a-z0-9]{0,30}(?:_[a-z0-9]{1,30}){1,8})\b['"`]?(?: (tool)\b)?/gi

const saysItOnlyReads = ({ annotations }: JsonObject): boolean => isObject(annotations) && annotations['readOnlyHint'] === true

function saysItDeletes(name: string, description: unknown): boolean {
  const words = wordsOfName(name)
  if (words.some((word) => reading.has(word))) return false
  if (words.some((word) => destructive.has(word))) return true
  return (
    typeof description === 'string' &&
    toWords(description.slice(0, 200))
      .slice(0, 2)
      .some((word) => destructive.has(word))
  )
}
