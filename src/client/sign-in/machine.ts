/**
 * The credential of a program that signs in by itself. A token that is refused is obtained anew, once for a request; one with more scopes
 * is obtained where a request needs them, once for a request; after that it is an error.
 *
 * @module
 */

import { AuthorizationError } from '../errors.ts'
import { type Credential, isAboutProof, type Outgoing, type Presented } from './credential.ts'
import { toPresented } from './dpop.ts'
import type { MachineToken, MachineTokens } from './machine-tokens.ts'
import { MAX_SCOPES, union } from './scopes.ts'

export function createMachineCredential(tokens: MachineTokens): Credential {
  let place: URL | undefined
  const present = ({ accessToken, proof }: MachineToken, request: Outgoing): Promise<Presented> => toPresented(accessToken, proof, request)
  /** Requests that were given more scopes already: against what they are refused for then, more scopes do not help. */
  const widened = new WeakSet<Outgoing>()

  async function widen(request: Outgoing, scopes: readonly string[]): Promise<MachineToken | undefined> {
    const asked = tokens.last()?.asked ?? []
    const all = union(asked, scopes)
    if (widened.has(request) || all.length > MAX_SCOPES || all.length === asked.length) return undefined
    widened.add(request)
    return tokens.get((one) => all.every((scope) => one.asked.includes(scope)), all)
  }

  return {
    async present(request) {
      place = request.url
      return present(await tokens.get(), request)
    },
    async renew(request, { presented: { token }, challenge }) {
      if (challenge && isAboutProof(challenge)) {
        const last = tokens.last()
        return last?.proof && present(last, request)
      }
      const isNarrow = challenge?.error === 'insufficient_scope'
      const next = isNarrow ? await widen(request, challenge.scopes ?? []) : await tokens.get(({ accessToken }) => accessToken !== token)
      return next && present(next, request)
    },
    heard(headers) {
      if (place) tokens.last()?.proof?.heard(place, headers)
    },
    refused(host, challenge) {
      if (challenge?.error !== 'insufficient_scope')
        return new AuthorizationError('credential_refused', `${host} refuses a token that was obtained for it just now.`, {
          step: 'Ask who runs the server whether it takes tokens of this authorization server.',
        })
      const scopes = union(tokens.last()?.asked ?? [], challenge.scopes ?? [])
      return new AuthorizationError('insufficient_scope', `${host} wants a scope that this program does not get.`, {
        scopes,
        step: 'Let who runs the authorization server give it `scopes` of this error.',
      })
    },
  }
}
