/**
 * One way to sign in, at two places: at a client's request (`/interaction/UID`) and before our own pages (`/sign-in?next=…`). A place says
 * whom the page is for, where its forms post to and what they carry, and where it goes on. Steps of a sign-in know nothing else.
 *
 * Whoever is signed in then has a session in that browser (`person-at-browser.ts`), and the browser goes on to `next`, which looks at the
 * session for itself. A place is made anew for each request, from what the browser brought; there is none where its cookie, its time or
 * its form do not stand, so that a step never begins for somebody else's browser.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Account, SignInMethod } from '../people/index.ts'
import type { Answer } from './interaction.ts'

/** The last part of the path that a form posts to. */
export type SignInStep = 'login' | 'second-factor' | 'passkey' | 'provider' | 'provider-continue'

/** Who wants to know who somebody is. */
export type Asking =
  | {
      readonly kind: 'client'
      readonly clientId: string
      /** As it calls itself, cleaned: a claim. */
      readonly client: string
    }
  | { readonly kind: 'own' }

export interface SignInPlace {
  readonly asks: Asking
  /** The guarded server's host. */
  readonly server: string
  /** The page of this place: where a detour leads back to when it ends without a sign-in. A path of ours. */
  readonly path: string
  /** Where the browser goes on once somebody is signed in. A path of ours. */
  readonly next: string
  /** Binds tickets, challenges and the state of a provider to this place in this browser: none of another fits. No secret. */
  readonly purpose: string
  /** For the hidden field `csrf` of every form of this place. It has been checked before a step runs. */
  readonly csrf: string
  /** Where a form may lead in the end (`Page.leadsTo`); undefined: only here. */
  readonly leadsTo: string | undefined
  /** Whether the person has to show anew who they are, although a provider may remember them. */
  readonly fresh?: boolean | undefined
  actionOf(step: SignInStep): string
}

/** Somebody has shown who they are. */
export interface SignedIn {
  readonly account: Account
  readonly methods: readonly SignInMethod[]
  /** Of the place, as it was or as it was kept meanwhile. */
  readonly asks: Asking
  readonly next: string
}

/** Puts it on record, begins their session in this browser and sends it on. */
export type Welcome = (request: IncomingMessage, response: ServerResponse, signedIn: SignedIn) => Promise<undefined>

/** Identity providers, as sign-in sees them. Forms have passed the place's CSRF check. */
export interface SignInProviders {
  /** A button each. */
  readonly choices: readonly { readonly id: string; readonly title: string }[]
  /** Somebody chose one (`provider` in the form): the page that says who asks and where it leads, before anything is forwarded. */
  choose(request: IncomingMessage, response: ServerResponse, place: SignInPlace, form: URLSearchParams): Answer
  /** They went on from that page: state is made now, and the browser sent there. */
  forward(request: IncomingMessage, response: ServerResponse, place: SignInPlace, form: URLSearchParams): Answer
  /** The browser comes back to `/sign-in/callback/ID`. Ends in `Welcome`, or in a page. */
  callback(request: IncomingMessage, response: ServerResponse, id: string): Answer
}
