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
import { isObject } from '../protocol/index.ts'
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
const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const mimeType = /^[\w.+-]{1,127}\/[\w.+-]{1,127}(?:\s*;[ -~]{0,255})?$/

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
  function type(value: JsonObject, at: string, needed: boolean): void {
    const { mimeType: given } = value
    if (given === undefined ? needed : typeof given !== 'string' || !mimeType.test(given)) refuse(`${at}/mimeType`, 'must be a media type')
  }
  function bytes(value: unknown, at: string): void {
    if (typeof value !== 'string' || value.length % 4 !== 0 || !base64.test(value)) refuse(at, 'must be base64')
  }
  function uri(value: unknown, at: string): void {
    if (typeof value !== 'string' || cleanText(value).removed.length > 0 || !URL.canParse(value)) return refuse(at, 'must be a URI')
    references.push({ at, uri: value })
  }

  function contentOf(content: unknown, at: string): JsonObject {
    if (!isObject(content)) return refuse(at, 'must be an object')
    switch (content['type']) {
      case 'text':
        return { ...content, text: text(content['text'], `${at}/text`) }
      case 'image':
      case 'audio':
        bytes(content['data'], `${at}/data`)
        type(content, at, true)
        return content
      case 'resource_link':
        uri(content['uri'], `${at}/uri`)
        type(content, at, false)
        if (content['name'] === undefined) refuse(`${at}/name`, 'must be a string')
        return { ...content, ...texts(content, `${at}/`, 'name', 'title', 'description') }
      case 'resource': {
        const { resource } = content
        if (!isObject(resource)) return refuse(`${at}/resource`, 'must be an object')
        uri(resource['uri'], `${at}/resource/uri`)
        type(resource, `${at}/resource`, false)
        if ((resource['text'] === undefined) === (resource['blob'] === undefined)) refuse(`${at}/resource`, 'must have either text or blob')
        if (resource['blob'] !== undefined) bytes(resource['blob'], `${at}/resource/blob`)
        return { ...content, resource: { ...resource, ...texts(resource, `${at}/resource/`, 'text') } }
      }
      default:
        return refuse(`${at}/type`, 'must be text, image, audio, resource_link or resource')
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
