/**
 * A tool's definition with its long descriptions cut, for lists: what a description begins with says what a tool is for. The same
 * definition is always cut in the same place, whatever stands beside it, so that who remembers definitions sees no change where there is none.
 *
 * What is checked, executed and compared with earlier definitions is never this, but the whole. Pure.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { holds } from '../../schema/index.ts'

/** The same object where nothing is too long. */
export function shortenTool(definition: JsonObject, characters: number): JsonObject {
  return replaced(definition, (key, value) => {
    if (key === 'description' && typeof value === 'string') return shortenText(value, characters)
    return (key === 'inputSchema' || key === 'outputSchema') && isObject(value) ? shortenSchema(value, characters) : value
  })
}

function shortenSchema(schema: JsonObject, characters: number): JsonObject {
  const shorten = (value: unknown): unknown => (isObject(value) ? shortenSchema(value, characters) : value)
  return replaced(schema, (key, value) => {
    if (key === 'description' && typeof value === 'string') return shortenText(value, characters)
    const held = holds(key, value)
    if (held === 'map') return replaced(value as JsonObject, (_, each) => shorten(each))
    if (held === 'list') {
      const items = (value as unknown[]).map(shorten)
      return items.some((item, at) => item !== (value as unknown[])[at]) ? items : value
    }
    // What else a schema holds is data, and stays as it is.
    return held === 'one' ? shorten(value) : value
  })
}

/** Made anew only where a member is another. */
function replaced(object: JsonObject, replace: (key: string, value: unknown) => unknown): JsonObject {
  let isOther = false
  const members = Object.entries(object).map(([key, value]) => {
    const other = replace(key, value)
    if (other !== value) isOther = true
    return [key, other] as const
  })
  return isOther ? Object.fromEntries(members) : object
}

/** At most `characters` long with the mark: up to the end of a sentence, else of a word, unless more than half would go. */
export function shortenText(text: string, characters: number): string {
  if (text.length <= characters) return text
  const most = text.slice(0, characters - 1)
  const least = most.length / 2
  const cut = lastSentence(most, least) ?? lastWord(most, text, least) ?? wholeCharacters(most)
  return `${cut.trimEnd()}…`
}

function lastSentence(text: string, least: number): string | undefined {
  for (let at = text.length - 1; at >= least; at--) {
    const ends =
      text[at] === '\n' || /[。！？]/.test(text[at] as string) || (/\s/.test(text[at + 1] ?? '') && /[.!?]/.test(text[at] as string))
    if (ends) return text.slice(0, at + 1)
  }
  return undefined
}

function lastWord(most: string, text: string, least: number): string | undefined {
  if (/\s/.test(text[most.length] as string)) return most
  for (let at = most.length - 1; at >= least; at--) if (/\s/.test(most[at] as string)) return most.slice(0, at)
  return undefined
}

/** Half of a surrogate pair is no character. */
const wholeCharacters = (text: string): string => (/[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text)
