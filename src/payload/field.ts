/**
 * One sealed value: a compact JWE (RFC 7516) with ECDH-ES and A256GCM, as any library opens it. What it is bound to is in its protected
 * header, which is associated data.
 *
 * Fails closed: a header with any member but these, a second spelling of one, or a text that is not UTF-8 is no sealed value.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer'
import { createCipheriv, createDecipheriv, hash, type KeyObject, randomBytes } from 'node:crypto'
import { isObject, parseJson } from '../protocol/index.ts'
import { type Direction, PARTIES } from './content-keys.ts'
import { isKeyText, parseJwk } from './jwk.ts'
import { METHOD, VERSION } from './words.ts'

/** What a value is for: it is taken for nothing else. */
export interface FieldPlace {
  /** The server's own name of it. */
  readonly tool: string
  /** JSON Pointer: `/arguments/card`, `/structuredContent/iban`. */
  readonly pointer: string
  /** Who the server takes the caller for (`handleOf`). */
  readonly principal: string
}

export interface FieldHeader {
  readonly kid: string
  /** The sender's public key, as in a JWK's `x`. */
  readonly epk: string
  /** Seconds since the epoch. */
  readonly iat: number
  readonly call: string
  readonly bnd: string
}

export interface ParsedField {
  readonly header: FieldHeader
  readonly associated: string
  readonly iv: Buffer
  readonly ciphertext: Buffer
  readonly tag: Buffer
}

const MAX_HEADER_CHARACTERS = 2_048
const MAX_TIME = 1e11
const headerBounds = { maxDepth: 2, maxItems: 0 }
const valueBounds = { maxDepth: 64, maxItems: 100_000 }
const members = ['alg', 'apu', 'apv', 'bnd', 'call', 'enc', 'epk', 'iat', 'kid', 'typ']
const TYPE = 'sallyport-field+jwe'
const callText = /^[A-Za-z0-9_-]{22}$/

export const createCallId = (): string => randomBytes(16).toString('base64url')
export const isCallId = (value: unknown): value is string => typeof value === 'string' && callText.test(value)

/** What `bnd` says. */
export const bindingOf = ({ tool, pointer, principal }: FieldPlace): string =>
  hash('sha256', JSON.stringify([VERSION, METHOD, tool, pointer, principal]), 'base64url')

/** Whether somebody meant it to be a sealed value: anything else is plain text where there should be none. */
export const looksSealed = (value: unknown): value is string =>
  typeof value === 'string' && (value.startsWith('eyAi') || value.startsWith('eyJ'))

/** `text`: the value's JSON. `key`: for the direction (`ContentKeys`). */
export function sealField(text: string, key: KeyObject, direction: Direction, { kid, epk, iat, call, bnd }: FieldHeader): string {
  const { apu, apv } = PARTIES[direction]
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', typ: TYPE, kid, epk: { kty: 'OKP', crv: 'X25519', x: epk }, apu, apv, iat, call, bnd }
  // With a space, so that it does not begin as a JWT does: what masks those would mask it.
  const associated = Buffer.from(`{ ${JSON.stringify(header).slice(1)}`).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(associated))
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()])
  return `${associated}..${iv.toString('base64url')}.${ciphertext.toString('base64url')}.${cipher.getAuthTag().toString('base64url')}`
}

/** Nothing of it is authentic before `openField` has opened it. */
export function parseField(sealed: string, direction: Direction): ParsedField | undefined {
  const [associated = '', wrapped, iv, ciphertext, tag, ...rest] = sealed.split('.', 6)
  const header = wrapped === '' && rest.length === 0 ? parseHeader(associated, direction) : undefined
  const parts = [iv, ciphertext, tag].map(bytesOf)
  const [ivBytes, ciphertextBytes, tagBytes] = parts
  if (!header || ivBytes?.length !== 12 || tagBytes?.length !== 16 || !ciphertextBytes) return undefined
  return { header, associated, iv: ivBytes, ciphertext: ciphertextBytes, tag: tagBytes }
}

/** The value; undefined for one that was tampered with, or whose key is another. */
export function openField({ associated, iv, ciphertext, tag }: ParsedField, key: KeyObject): { readonly value: unknown } | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  decipher.setAAD(Buffer.from(associated))
  decipher.setAuthTag(tag)
  const opened = decipher.update(ciphertext)
  try {
    decipher.final()
  } catch {
    return undefined
  }
  // GCM is a stream: there is nothing more in `final`.
  const parsed = parseJson(opened, valueBounds)
  return parsed.allowed ? { value: parsed.value } : undefined
}

function parseHeader(text: string, direction: Direction): FieldHeader | undefined {
  const bytes = text.length > MAX_HEADER_CHARACTERS ? undefined : bytesOf(text)
  if (!bytes || !isUtf8(bytes)) return undefined
  const parsed = parseJson(bytes, headerBounds)
  if (!parsed.allowed || !isObject(parsed.value)) return undefined
  const { value } = parsed
  // Whatever else a header can have (`crit`, `zip`, `jku`, `p2c`) is an instruction to whoever reads it.
  if (Object.keys(value).sort().join() !== members.join()) return undefined
  const { alg, enc, typ, apu, apv, kid, iat, call, bnd } = value
  const epk = parseJwk(value['epk'], 'X25519')
  if (alg !== 'ECDH-ES' || enc !== 'A256GCM' || typ !== TYPE || !epk) return undefined
  if (apu !== PARTIES[direction].apu || apv !== PARTIES[direction].apv) return undefined
  if (!isKeyText(kid) || !isKeyText(bnd) || !isCallId(call)) return undefined
  if (typeof iat !== 'number' || !Number.isSafeInteger(iat) || iat < 0 || iat > MAX_TIME) return undefined
  return { kid, epk: epk.x, iat, call, bnd }
}

/** One value, one spelling: base64 readers skip what they do not know. */
function bytesOf(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
