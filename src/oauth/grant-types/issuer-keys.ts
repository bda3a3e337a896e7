/**
 * The keys of a trusted issuer, as `jose` asks for them: those that it publishes, fetched and kept as `external/` does it. A key that is
 * not among them has the set fetched once more, but not at everybody's call.
 *
 * Fails closed: no keys, no signature.
 *
 * @module
 */

import { errors, type JWTVerifyGetKey } from 'jose'
import type { Clock, Log } from '../../core/index.ts'
import { createAsk } from '../external/ask.ts'
import { createIssuerMetadata } from '../external/issuer-metadata.ts'
import { createKeys } from '../external/jwks.ts'
import { ALGORITHMS } from '../external/options.ts'
import type { TrustedIssuer } from './trusted-issuers.ts'

/** Nothing is said about the token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

export interface IssuerKeys {
  /** Throws {@link KeysUnavailable}, or jose's `JWKSNoMatchingKey`. */
  readonly getKey: JWTVerifyGetKey
  close(): void
}

export function createIssuerKeys(
  { issuer, jwksUri }: TrustedIssuer,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): IssuerKeys {
  const settings = { issuer, jwksUri }
  const ask = createAsk({ settings })
  const findMetadata = createIssuerMetadata({ settings, ask, clock, log })
  const locate = async (): Promise<string | undefined> => jwksUri ?? (await findMetadata())?.jwksUri
  const keys = createKeys({ locate, ask, algorithms: ALGORITHMS, clock, log })
  return {
    async getKey(header, token) {
      const find = await keys.current()
      if (find === undefined) throw new KeysUnavailable('the keys of the issuer could not be had')
      try {
        return await find(header, token)
      } catch (error) {
        const newer = error instanceof errors.JWKSNoMatchingKey ? await keys.newer() : undefined
        if (newer === undefined) throw error
        return newer(header, token)
      }
    },
    close: ask.close,
  }
}
