/**
 * What people have at a server, while nobody has accepted where it is: no token is shown, asked for or renewed, and nobody is sent to sign
 * in there. A configuration that was changed would have them do so at somebody else's.
 *
 * Asked again until it may; from then on it is as it was, since a program does not change where its servers are.
 *
 * @module
 */

import { type Decision, deny } from '../../core/index.ts'
import type { Connectable } from './connectable.ts'
import type { PersonalCredentials } from './personal.ts'

/** `refused`: why not; undefined: it may be used. */
export function heldBack<T extends PersonalCredentials & { readonly connectable?: Connectable }>(
  made: T,
  server: string,
  refused: () => string | undefined,
): T {
  let isOpen = false
  const isHeld = (): boolean => !(isOpen ||= refused() === undefined)
  const { credentials, connectable } = made
  const { begin, finish } = connectable ?? {}
  return {
    ...made,
    credentials: {
      present: (principal) => (isHeld() ? waits(server) : credentials.present(principal)),
      renew: async (principal, presented, challenge) => (isHeld() ? waits(server) : credentials.renew(principal, presented, challenge)),
    },
    ...(connectable && {
      connectable: {
        ...connectable,
        ...(begin && { begin: async (who, redirectUri) => (isHeld() ? NOT_YET : begin(who, redirectUri)) }),
        ...(finish && { finish: async (user, attempt, callback) => (isHeld() ? NOT_YET : finish(user, attempt, callback)) }),
      } satisfies Connectable,
    }),
  }
}

const NOT_YET = { problem: 'The operator has not accepted yet where this server is. Nothing was connected: try again later.' }
const waits = (server: string): Decision<never> =>
  deny({
    reason: 'upstream_unavailable',
    sentence: `The server ${server} is not reached before its operator has accepted where it is. Try again later.`,
  })
