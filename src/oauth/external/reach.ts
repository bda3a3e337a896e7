/**
 * Whether an issuer can be used from here: its metadata and its keys are read once, as a server that runs reads them. For `doctor`, which
 * looks before anybody's token has to be refused for it.
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import { createAsk } from './ask.ts'
import { createIssuerMetadata } from './issuer-metadata.ts'
import { createKeys } from './jwks.ts'
import { ALGORITHMS } from './options.ts'

export interface NamedIssuer {
  readonly issuer: string
  readonly jwksUri?: string | undefined
}

/** What is wrong, in words that are fit for a log; undefined where all is well. */
export async function problemWithIssuer({ issuer, jwksUri }: NamedIssuer, clock: Clock): Promise<string | undefined> {
  const problems: string[] = []
  const log: Log = (_level, message, fields = {}) => void problems.push(String(fields['problems'] ?? fields['problem'] ?? message))
  const ask = createAsk({ settings: { issuer, jwksUri } })
  try {
    const metadata = createIssuerMetadata({ settings: { issuer }, ask, clock, log })
    await createKeys({ locate: async () => jwksUri ?? (await metadata())?.jwksUri, ask, algorithms: ALGORITHMS, clock, log }).current()
    return problems[0]
  } finally {
    ask.close()
  }
}
