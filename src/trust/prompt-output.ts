/**
 * What a `prompts/get` may answer, whoever made it (2026-07-28 prompts §security: outputs are validated too): a template of ours or
 * a function. Messages must have the shape that the specification gives them and stay within bounds, the resources they point to
 * are told, and hidden characters are taken out and counted.
 *
 * Fails closed: an answer with one wrong message is refused whole.
 *
 * @module
 */

import type { JsonObject } from '../core/index.ts'
import { contentProblem, isObject } from '../protocol/index.ts'
import { cleanText, type HiddenKind } from './unicode.ts'

/** `in`: the argument, or the path within the result, that it was taken out of. */
export interface RemovedFrom {
  readonly in: string
  readonly kind: HiddenKind
  readonly count: number
}

/** A resource that a message points to. */
export interface Reference {
  readonly at: string
  readonly uri: string
}

/** `references`: whether the caller may have them is not judged here. */
export type CheckedPromptOutput =
  | { readonly result: JsonObject; readonly removed: readonly RemovedFrom[]; readonly references: readonly Reference[] }
  | { readonly problem: string }

/** Where a result says what was taken out of it. */
export const REMOVED = 'sallyport/removed'

const MAX_MESSAGES = 1_000
const MAX_TEXT_CHARACTERS = 4 * 1024 * 1024

class Refused extends Error {}

export function checkPromptOutput(result: JsonObject): CheckedPromptOutput {
  const references: Reference[] = []
  const removed: RemovedFrom[] = []
  let total = 0

  function refuse(at: string, rule: string): never {
    throw new Refused(`${at} ${rule}`)
  }
  function text(value: unknown, at: string): string {
    if (typeof value !== 'string') return refuse(at, 'must be a string')
    total += value.length
    if (total > MAX_TEXT_CHARACTERS) return refuse('messages', `must NOT have more than ${MAX_TEXT_CHARACTERS} characters of text`)
    const clean = cleanText(value)
    for (const one of clean.removed) removed.push({ in: at, ...one })
    return clean.text
  }
  function texts(value: JsonObject, at: string, ...names: readonly string[]): JsonObject {
    return Object.fromEntries(names.filter((name) => value[name] !== undefined).map((name) => [name, text(value[name], at + name)]))
  }
  function reference(uri: string, at: string): void {
    if (cleanText(uri).removed.length > 0) refuse(at, 'must be a URI')
    references.push({ at, uri })
  }

  function contentOf(content: unknown, at: string): JsonObject {
    const problem = contentProblem(content)
    if (problem) return refuse(at + problem.path, problem.rule)
    const block = content as JsonObject
    switch (block['type']) {
      case 'text':
        return { ...block, ...texts(block, `${at}/`, 'text') }
      case 'resource_link':
        reference(block['uri'] as string, `${at}/uri`)
        return { ...block, ...texts(block, `${at}/`, 'name', 'title', 'description') }
      case 'resource': {
        const resource = block['resource'] as JsonObject
        reference(resource['uri'] as string, `${at}/resource/uri`)
        return { ...block, resource: { ...resource, ...texts(resource, `${at}/resource/`, 'text') } }
      }
      default:
        return block
    }
  }

  try {
    const { messages } = result
    if (!Array.isArray(messages)) refuse('messages', 'must be a list')
    else if (messages.length > MAX_MESSAGES) refuse('messages', `must NOT have more than ${MAX_MESSAGES} items`)
    const checked = (messages as readonly unknown[]).map((message, index) => {
      const at = `messages/${index}`
      if (!isObject(message)) return refuse(at, 'must be an object')
      if (message['role'] !== 'user' && message['role'] !== 'assistant') refuse(`${at}/role`, 'must be user or assistant')
      return { ...message, content: contentOf(message['content'], `${at}/content`) }
    })
    const shown = { ...result, ...texts(result, '', 'description'), messages: checked }
    if (removed.length === 0) return { result: shown, removed, references }
    const { _meta: meta } = result
    return { result: { ...shown, _meta: { ...(isObject(meta) ? meta : {}), [REMOVED]: removed } }, removed, references }
  } catch (error) {
    if (error instanceof Refused) return { problem: error.message }
    throw error
  }
}
