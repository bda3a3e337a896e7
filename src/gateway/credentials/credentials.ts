/**
 * What a request to a guarded server carries so that it counts there: a person's own token or secret, or one that all share. The seam
 * between the links (`upstream/`) and those who keep credentials.
 *
 * Fails closed: who has nothing to present is told where to get it, and the request is not sent.
 *
 * @module
 */

import { allow, type Decision, deny, type Principal } from '../../core/index.ts'

/** Lower-case names. */
export type CredentialHeaders = Readonly<Record<string, string>>

/** Who is calling; without a `user` it is nobody in particular. */
export type Calling = Pick<Principal, 'user'>

export interface CallCredentials {
  /**
   * Headers for a call on behalf of somebody; undefined: for what the gateway itself asks (the handshake, lists). Answers at once where
   * it can.
   */
  present(principal: Calling | undefined): Decision<CredentialHeaders> | Promise<Decision<CredentialHeaders>>
  /** The upstream refused `presented`: others to try once, or why not. Undefined: its refusal stands, nothing of ours can mend it. */
  renew(
    principal: Calling | undefined,
    presented: CredentialHeaders,
    challenge: string | undefined,
  ): Promise<Decision<CredentialHeaders> | undefined>
}

/** For a server that wants nothing of ours. */
export const nothingToShow: Decision<CredentialHeaders> = allow(Object.freeze({}))

/** A key without a person, or whoever is at this machine, has nothing of their own. */
export const needsPerson = (server: string): Decision<never> =>
  deny({
    reason: 'not_permitted',
    sentence: `The server ${server} acts in the name of each person, and this credential is nobody’s in particular: sign in, or use a key of your own account.`,
  })

/** The page of one connection; nothing in it says whose. */
export const connectionPath = (id: string): string => `/account/connections/${encodeURIComponent(id)}`

/**
 * `need` is a whole sentence that says what the caller is to do; where is said after it: “The server notes needs you to connect your
 * account there.” `base`: the issuer, under which account pages are; where there are none, it cannot be done here.
 */
export const notConnected = (need: string, base: string | undefined, id: string): Decision<never> =>
  base === undefined
    ? deny({ reason: 'not_permitted', sentence: `${need} That is done on the account page of a gateway that is reached over HTTP.` })
    : deny({ reason: 'not_connected', sentence: need, url: base.replace(/\/$/, '') + connectionPath(id) })
