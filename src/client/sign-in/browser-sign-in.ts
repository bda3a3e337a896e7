/**
 * Signs a person in with a browser: on this machine, by coming back to a loopback address (RFC 8252), or wherever the program shows them
 * the URL and learns where they came back to. Ends with the signal, or after ten minutes.
 *
 * @module
 */

import { AuthorizationError } from '../errors.ts'
import { openLoopback } from './loopback.ts'
import { openBrowser } from './open-browser.ts'

/** A sign-in that has begun at `url`, and is answered under `state`. */
export interface Begun {
  readonly url: string
  readonly state: string
}

export interface BrowserSignIn {
  readonly redirectUri: string
  /** Whether another port will do as well. */
  readonly mayMove: boolean
  readonly program: string
  /** Instead of the system's own browser. */
  readonly open?: ((url: string) => unknown) | undefined
  readonly signal: AbortSignal
  readonly begin: (redirectUri: string) => Promise<Begun>
  readonly finish: (callback: URLSearchParams) => Promise<void>
  /** Nobody waits for the answer any more. */
  readonly drop: (state: string) => void
}

/** @throws {AuthorizationError | TransportError}, or the reason of the signal. */
export async function signInWithBrowser(options: BrowserSignIn): Promise<void> {
  const { redirectUri, mayMove, program, open = openBrowser, signal, begin, finish, drop } = options
  await using loopback = await openLoopback({ redirectUri, mayMove, program })
  const { url, state } = await begin(loopback.redirectUri)
  try {
    signal.throwIfAborted()
    const answer = loopback.answerTo(state, signal)
    const { callback, respond } = await Promise.race([answer, failureOf(open, url)])
    try {
      await finish(callback)
    } catch (error) {
      await respond({ status: 400, title: 'The sign-in did not work', text: whyNot(error, program) })
      throw error
    }
    await respond({ status: 200, title: 'You are signed in', text: `${program} has what it needs. You can close this window.` })
  } finally {
    drop(state)
  }
}

/** Rejects where the browser does not open; a browser that did never ends the wait. */
async function failureOf(open: (url: string) => unknown, url: string): Promise<never> {
  await open(url)
  return new Promise<never>(() => {})
}

/** What a person may read who can do nothing about it: codes of ours, no text of a server's. */
const whyNot = (error: unknown, program: string): string =>
  error instanceof AuthorizationError && error.code === 'authorization_denied'
    ? `Nothing was granted to ${program}. You can close this window.`
    : `${program} could not end it${error instanceof AuthorizationError ? ` (${error.code})` : ''}, and says why. You can close this window.`
