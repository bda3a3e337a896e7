/** What the authorization endpoint answers: where a browser ends up, and the code that it brings there. */

import { ANA, authorizeUrl, type Fixture } from './authorization.ts'
import { type Browser, createBrowser, type Person, signIn } from './browser.ts'

type Place = Pick<Fixture, 'issuer' | 'resource'>
type Changes = Readonly<Record<string, string | undefined>>

export interface Code {
  readonly code: string
  readonly verifier: string
}

/** Signs in and agrees; where the request is refused, that is what the client gets. */
export async function land(place: Place, clientId: string, changes: Changes = {}, person: Person = ANA): Promise<URL> {
  return new URL(await signIn(authorizeUrl(place, clientId, changes).url, person))
}

/** A code that nobody has used. A browser that is signed in already is asked for its consent only. */
export async function getCode(place: Place, clientId: string, changes: Changes = {}, browser: Browser = createBrowser()): Promise<Code> {
  const { url, verifier } = authorizeUrl(place, clientId, changes)
  const landed = new URL(await signIn(url, ANA, browser))
  const code = landed.searchParams.get('code')
  if (code === null) throw new Error(`no code came back: ${landed.searchParams}`)
  return { code, verifier }
}
