/** How whoever calls is told that a secret is missing: what to do and where, never whose else there is. @module */

import { type Decision, deny, type Principal } from '../../core/index.ts'
import { notConnected } from '../credentials/credentials.ts'
import { connectionIdOf } from './connection-id.ts'
import type { SecretReference } from './template.ts'

/** `base`: under which account pages are; undefined: there are none. */
export function needs(server: string, { secret, of }: SecretReference, base: string | undefined): Decision<never> {
  if (of === 'everybody')
    return deny({ reason: 'upstream_unavailable', sentence: `The server ${server} waits for a secret that its operator has to set.` })
  if (base === undefined)
    return deny({
      reason: 'not_permitted',
      sentence: `The server ${server} needs a ${secret} of your own, which its operator can set for you.`,
    })
  return notConnected(`The server ${server} needs you to set a ${secret} of your own.`, base, connectionIdOf(secret))
}

/** The upstream refused what was set. */
export function refuses(server: string, { secret, of }: SecretReference, base: string | undefined): Decision<never> {
  if (of === 'everybody' || base === undefined)
    return deny({ reason: 'upstream_unavailable', sentence: `The server ${server} does not take the secret that is set for it.` })
  return notConnected(`The server ${server} does not take your ${secret}: you need to set another.`, base, connectionIdOf(secret))
}

/** For operators: what to do about it. */
export const commandFor = ({ secret, of }: SecretReference, user: Principal['user'] = 'NAME'): string =>
  `sallyport secret set ${secret}${of === 'person' ? ` --user ${user}` : ''}`
