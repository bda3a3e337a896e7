/**
 * Whom the client believes about keys: an identity that was given by hand, or else the one that was seen first and those that it has
 * signed for. Pure.
 *
 * Fails closed: what is no longer marked, vouched for by another, or agreed with another caller is refused.
 *
 * @module
 */

import { type Agreement, followSuccession, type OkpJwk, thumbprintOf, verifyKeys } from '../../payload/index.ts'
import { toVisibleLine } from '../../trust/index.ts'
import { TrustError } from '../errors.ts'
import { quoted } from '../quoted.ts'
import { fieldsOf, type SealedTool } from './definition.ts'
import type { EncryptionOptions } from './encryption-options.ts'
import type { SealingPin } from './pins.ts'

/** A tool, as the client and its user name it. */
export interface Named {
  readonly name: string
  /** What the server is called in sentences. */
  readonly server: string
}

/** Where nothing is encrypted any more that was, or must be. @throws {TrustError} */
export function requireMarks(
  { name, server }: Named,
  tool: SealedTool | undefined,
  pin: SealingPin | undefined,
  wanted: readonly string[],
): void {
  const fields = fieldsOf(tool)
  const gone = [...(pin?.arguments ?? []), ...(pin?.result ?? [])].find((field) => ![...fields.arguments, ...fields.result].includes(field))
  const dotted = [...(tool?.arguments ?? []), ...(tool?.result ?? [])].map((path) => `${name}.${path.join('.')}`)
  const missing = gone ?? wanted.find((field) => !dotted.includes(field))
  if (missing === undefined) return
  const what = gone === undefined ? 'must be' : 'was'
  throw new TrustError(
    'encryption_removed',
    name,
    `${shown(missing)} of ${quoted(name)} at ${server} ${what} encrypted, and is not marked as such.`,
  )
}

/** What is believed of a tool's keys. */
export interface Believed {
  /** The server's own name of the tool. */
  readonly tool: string
  readonly identity: OkpJwk
  readonly thumbprint: string
  readonly keys: readonly OkpJwk[]
  readonly keyIds: readonly string[]
}

/** @throws {TrustError} */
export function believe(
  { name, server }: Named,
  { offer }: SealedTool,
  pin: SealingPin | undefined,
  { identities }: EncryptionOptions,
): Believed {
  const keys = offer && verifyKeys(offer.keys, offer.identity)
  if (!offer || !keys)
    throw new TrustError('encryption_invalid', name, `${server} marks fields of ${quoted(name)} as encrypted, and shows no keys that hold.`)
  const { identity, tool, succession } = offer
  const thumbprint = thumbprintOf(identity)
  const isKnown = identities
    ? identities.includes(thumbprint)
    : !pin || pin.identity === thumbprint || followSuccession(pin.identity, succession, identity)
  if (!isKnown)
    throw new TrustError(
      'identity_mismatch',
      name,
      `The keys for ${quoted(name)} at ${server} are by another identity than is known (${thumbprint}).`,
    )
  if (pin && pin.tool !== tool)
    throw new TrustError('identity_mismatch', name, `${quoted(name)} at ${server} is another tool of the server behind it than before.`)
  return { tool, identity, thumbprint, keys, keyIds: keys.map(thumbprintOf) }
}

/** `credential`: what the caller is known by, so that another key is another caller. @throws {TrustError} */
export function requirePrincipal(
  { name, server }: Named,
  { principal }: Agreement,
  pin: SealingPin | undefined,
  credential: string,
  options: EncryptionOptions,
): void {
  const expected = options.principal ?? pin?.principals[credential]
  if (expected === undefined || expected === principal) return
  throw new TrustError(
    'principal_mismatch',
    name,
    `${server} takes whoever calls ${quoted(name)} for ${shown(principal)}, and not for ${shown(expected)}${options.principal === undefined ? ', as before' : ''}.`,
  )
}

const shown = (text: string): string => toVisibleLine(text.slice(0, 400))
