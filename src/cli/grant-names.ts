/** What the ways to a token are called on a command line. @module */

import type { ClientGrant } from '../oauth/index.ts'
import { CliError } from './errors.ts'
import { shown, shownShort } from './shown.ts'
import { split } from './values.ts'

/** As people write them, and what they are on the wire. */
const grantNames: Readonly<Record<string, readonly ClientGrant[]>> = {
  code: ['authorization_code', 'refresh_token'],
  device: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  'client-credentials': ['client_credentials'],
  'token-exchange': ['urn:ietf:params:oauth:grant-type:token-exchange'],
  'jwt-bearer': ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
}
const shortNames = new Map(Object.entries(grantNames).map(([short, [full]]) => [full as string, short]))

export const shortOf = (grant: string): string => shortNames.get(grant) ?? shown(grant)

export function grantsNamed(words: readonly string[]): ClientGrant[] {
  const full = new Set<string>(Object.values(grantNames).flat())
  const named = split(words).flatMap((word) => {
    const grants = Object.hasOwn(grantNames, word.replaceAll('_', '-')) ? grantNames[word.replaceAll('_', '-')] : undefined
    if (grants !== undefined) return grants
    // The name in the specification is understood, too.
    if (full.has(word)) return [word as ClientGrant]
    throw new CliError('E-USAGE', `--grant: there is no grant "${shownShort(word)}"`, `choose from ${Object.keys(grantNames).join(', ')}`)
  })
  return [...new Set(named)]
}
