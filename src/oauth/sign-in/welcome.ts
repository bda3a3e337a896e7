/**
 * What happens once somebody has shown who they are, however they did: it goes on record, they have a session in this browser, and the
 * browser goes on. The address carries a proof that it was this session which began here: a client that asked for a fresh sign-in
 * (`prompt=login`) is not answered by one from before.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import type { BrowserSession } from '../../people/index.ts'
import { goTo } from '../answers.ts'
import type { Settings } from '../options.ts'
import type { PersonAtBrowser } from '../person-at-browser.ts'
import type { Recorder } from '../recorder.ts'
import type { Asking, Welcome } from '../sign-in-place.ts'

export interface WelcomeParts {
  readonly settings: Pick<Settings, 'keyRing'>
  readonly person: PersonAtBrowser
  readonly record: Recorder
}

const PROOF = 'signed_in'

export function createWelcome({ settings, person, record }: WelcomeParts): Welcome {
  return async (request, response, { account, methods, asks, next }) => {
    record(request, {
      decision: 'allow',
      reason: 'allowed',
      action: 'sign-in',
      subject: account.name,
      ...clientOf(asks),
      facts: { methods },
    })
    const { session } = await person.signIn(request, response, account, methods)
    goTo(response, asks.kind === 'own' ? next : `${next}?${PROOF}=${proofOf(settings, next, session)}`)
    return undefined
  }
}

/** Whether `session` began by a sign-in whose `next` was `path`; `query`: what the browser came with. */
export function beganHere(
  settings: Pick<Settings, 'keyRing'>,
  { path, query, session }: { readonly path: string; readonly query: URLSearchParams; readonly session: BrowserSession },
): boolean {
  const [given, expected] = [Buffer.from(query.get(PROOF) ?? ''), Buffer.from(proofOf(settings, path, session))]
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const proofOf = ({ keyRing }: Pick<Settings, 'keyRing'>, path: string, { id }: BrowserSession): string =>
  keyRing.mac('signed-in-at', JSON.stringify([path, id])).toString('base64url')

/** Of whoever asked for the sign-in, for a record. */
export const clientOf = (asks: Asking): { readonly clientId?: string; readonly clientName?: string } =>
  asks.kind === 'client' ? { clientId: asks.clientId, clientName: asks.client } : {}
