/**
 * What the two sides say to each other before a value is sealed: a client's word in the place of each value, and what both put into
 * `_meta`. Gateways keep one or the other.
 *
 * @module
 */

import { hash } from 'node:crypto'
import { type JsonObject, type Principal, principalKey, type SealedProblem } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { isCallId } from './field.ts'
import { isKeyText, parseJwk } from './jwk.ts'
import { parseStatement } from './statement.ts'
import { type CallEncryption, ENCRYPTION, type OkpJwk, type RefusedEncryption, type ToolEncryption, VERSION } from './words.ts'

const WORD = 'sallyport-agree.'

/** In the place of a value that is not sealed yet: the client's key. */
export const toAgreeWord = ({ x }: OkpJwk): string => WORD + x

/** The client's key. Undefined for any other text. */
export function readAgreeWord(value: unknown): OkpJwk | undefined {
  const x = typeof value === 'string' && value.startsWith(WORD) ? value.slice(WORD.length) : undefined
  return isKeyText(x) ? { kty: 'OKP', crv: 'X25519', x } : undefined
}

const MAX_READABLE = 128
const readable = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, MAX_READABLE)

const handles = new WeakMap<Principal, string>()

/** Who the server takes the caller for: to read, and behind it a hash, by which no two are the same. */
export function handleOf(principal: Principal): string {
  let handle = handles.get(principal)
  if (handle === undefined) {
    const { issuer, subject } = principal
    handle = `${readable(issuer)} ${readable(subject)} ${hash('sha256', principalKey(principal), 'base64url')}`
    handles.set(principal, handle)
  }
  return handle
}

const ours = (meta: unknown): JsonObject | undefined => {
  const found = isObject(meta) ? meta[ENCRYPTION] : undefined
  return isObject(found) && found['v'] === VERSION ? found : undefined
}

/** `_meta` of a call. */
export function readCallEncryption(meta: unknown): CallEncryption | undefined {
  const found = ours(meta)
  const epk = parseJwk(found?.['epk'], 'X25519')
  const call = found?.['call']
  return epk && (call === undefined || isCallId(call)) ? { v: VERSION, epk, call } : undefined
}

/** `_meta` of a tool. What is signed is still to be verified. */
export function readToolEncryption(meta: unknown): ToolEncryption | undefined {
  const found = ours(meta)
  const identity = parseJwk(found?.['identity'], 'Ed25519')
  const keys = parseStatement(found?.['keys'])
  const tool = found?.['tool']
  const succession = Array.isArray(found?.['succession']) ? found['succession'].map(parseStatement) : []
  if (!identity || !keys || typeof tool !== 'string' || succession.includes(undefined)) return undefined
  return { v: VERSION, tool, identity, keys, succession: succession as ToolEncryption['succession'] }
}

const problems: Readonly<Record<SealedProblem, true>> = {
  malformed: true,
  unknown_key: true,
  does_not_open: true,
  bound_elsewhere: true,
  too_old: true,
  from_the_future: true,
  of_another_call: true,
  used_before: true,
}

/** Of a refused call's result: in `_meta`, or in the last line of its text where somebody in between has kept only that. */
export function readRefusal(result: JsonObject): RefusedEncryption | undefined {
  const found = ours(result['_meta']) ?? inText(result['content'])
  if (!found) return undefined
  const agreement = parseStatement(found['agreement'])
  const problem = found['problem']
  const isKnown = typeof problem === 'string' && Object.hasOwn(problems, problem)
  return { v: VERSION, agreement, problem: isKnown ? (problem as SealedProblem) : undefined }
}

const MAX_LINE = 16_384

function inText(content: unknown): JsonObject | undefined {
  for (const block of Array.isArray(content) ? content : []) {
    const text = isObject(block) && typeof block['text'] === 'string' ? block['text'] : ''
    const line = text.slice(text.lastIndexOf('\n') + 1)
    if (!line.startsWith(`{"${ENCRYPTION}":`) || line.length > MAX_LINE) continue
    try {
      return ours(JSON.parse(line))
    } catch {
      return undefined
    }
  }
  return undefined
}

/** The last line of a refusal's text. */
export const toRefusalLine = (refusal: RefusedEncryption): string => JSON.stringify({ [ENCRYPTION]: refusal })
