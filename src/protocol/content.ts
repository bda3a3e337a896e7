/** Whether content has the shape that the specification gives it (2026-07-28 schema §ContentBlock): of tools, prompts and resources. @module */

import type { Violation } from '../core/index.ts'
import { isObject } from './message.ts'

const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const mimeType = /^[\w.+-]{1,127}\/[\w.+-]{1,127}(?:\s*;[ -~]{0,255})?$/

const must = (path: string, rule: string): Violation => ({ path, rule })

/** Undefined: it has. */
export function contentProblem(block: unknown): Violation | undefined {
  if (!isObject(block)) return must('', 'must be an object')
  switch (block['type']) {
    case 'text':
      return typeof block['text'] === 'string' ? undefined : must('/text', 'must be a string')
    case 'image':
    case 'audio':
      if (!isBase64(block['data'])) return must('/data', 'must be base64')
      return isMimeType(block['mimeType']) ? undefined : must('/mimeType', 'must be a media type')
    case 'resource_link':
      if (typeof block['name'] !== 'string') return must('/name', 'must be a string')
      for (const key of ['title', 'description'])
        if (block[key] !== undefined && typeof block[key] !== 'string') return must(`/${key}`, 'must be a string')
      return referenceProblem('', block['uri'], block['mimeType'])
    case 'resource': {
      const { resource } = block
      if (!isObject(resource)) return must('/resource', 'must be an object')
      const { text, blob } = resource
      if ((text === undefined) === (blob === undefined)) return must('/resource', 'must have either text or blob')
      if (text !== undefined && typeof text !== 'string') return must('/resource/text', 'must be a string')
      if (blob !== undefined && !isBase64(blob)) return must('/resource/blob', 'must be base64')
      return referenceProblem('/resource', resource['uri'], resource['mimeType'])
    }
    default:
      return must('/type', 'must be text, image, audio, resource_link or resource')
  }
}

function referenceProblem(at: string, uri: unknown, type: unknown): Violation | undefined {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return must(`${at}/uri`, 'must be a URI')
  return type === undefined || isMimeType(type) ? undefined : must(`${at}/mimeType`, 'must be a media type')
}

export const isBase64 = (value: unknown): value is string => typeof value === 'string' && value.length % 4 === 0 && base64.test(value)
const textual = /^(?:text\/|application\/(?:json|jsonl|xml|yaml|toml|sql|x-sh|javascript)\b|[\w.-]+\/[\w.-]+\+(?:json|xml|yaml)\b)/i

/** Whether what claims to be of that type may be text. */
export const isTextual = (type: string): boolean => textual.test(type)
export const isMimeType = (value: unknown): value is string => typeof value === 'string' && mimeType.test(value)
