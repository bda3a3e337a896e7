/**
 * What the client has agreed with a server, once for each connection and tool: a key pair of its own that lasts no longer, the server's key,
 * and as whom the server sees it. The server says so in its refusal of a call that has the client's key in the place of every value.
 *
 * Fails closed: what is not signed for exactly this key and tool is no agreement.
 *
 * @module
 */

import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock, JsonObject } from '../../core/index.ts'
import {
  type Agreement,
  ENCRYPTION,
  type OkpJwk,
  type Path,
  publicJwkOf,
  readRefusal,
  thumbprintOf,
  toAgreeWord,
  valueAt,
  verifyAgreement,
  withValue,
} from '../../payload/index.ts'
import { isObject } from '../../protocol/index.ts'
import { TrustError } from '../errors.ts'
import { quoted } from '../quoted.ts'
import type { Believed, Named } from './belief.ts'

export interface Agreed {
  readonly privateKey: KeyObject
  readonly epk: OkpJwk
  readonly epkId: string
  readonly agreement: Agreement
  readonly believed: Believed
  /** Seconds since the epoch, as the server counts them: its word is signed, and made for this key. */
  serverTime(): number
}

/** A call of the tool, as it goes out. */
export type SendCall = (params: JsonObject) => Promise<JsonObject>

/** What was answered instead of an agreement, for who called: somebody in between, or the server, refuses the call as such. */
export interface NotAgreed {
  readonly answer: JsonObject
}

/** An agreement that ends while a call is under way is made anew before it. */
const MARGIN_SECONDS = 30
const createKeys = promisify(generateKeyPair)

export async function agree(
  { name, server }: Named,
  params: JsonObject,
  paths: readonly Path[],
  believed: Believed,
  send: SendCall,
  clock: Clock,
): Promise<Agreed | NotAgreed> {
  const { privateKey, publicKey } = await createKeys('x25519')
  const epk = publicJwkOf(publicKey)
  const epkId = thumbprintOf(epk)
  const answer = await send(toAsking(params, paths, epk))
  const statement = readRefusal(answer)?.agreement
  // Whoever refuses every call, by a limit or a rule, refuses this one.
  if (!statement && answer['isError'] === true) return { answer }
  const agreement = statement && verifyAgreement(statement, believed.identity)
  if (agreement?.tool !== believed.tool || agreement.epk !== epkId)
    throw new TrustError('encryption_invalid', name, `${server} agrees on no key for ${quoted(name)} that holds.`)
  const ahead = agreement.iat - clock() / 1000
  return { privateKey, epk, epkId, agreement, believed, serverTime: () => Math.floor(clock() / 1000 + ahead) }
}

/** The call with the client's key in the place of what is to be encrypted. */
function toAsking(params: JsonObject, paths: readonly Path[], epk: OkpJwk): JsonObject {
  const given = params['arguments']
  const args = paths.reduce((all, path) => withValue(all, path, toAgreeWord(epk)), isObject(given) ? given : {})
  return withEncryption({ ...params, arguments: args }, { v: 1, epk })
}

export function withEncryption(params: JsonObject, encryption: object): JsonObject {
  const meta = params['_meta']
  return { ...params, _meta: { ...(isObject(meta) ? meta : {}), [ENCRYPTION]: encryption } }
}

/** Whether it holds for what is believed now. */
export const isStanding = ({ agreement, believed, serverTime }: Agreed, { thumbprint, tool }: Believed): boolean =>
  believed.thumbprint === thumbprint && believed.tool === tool && serverTime() < agreement.exp - MARGIN_SECONDS

/** Those of the paths that the arguments have something at. */
export function pathsGiven(params: JsonObject, paths: readonly Path[]): readonly Path[] {
  const args = params['arguments']
  return paths.filter((path) => valueAt(args, path) !== undefined)
}
