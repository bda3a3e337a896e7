/** A request to a page of the account, once it is known who sends it; and what the pages answer. @module */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditRecord } from '../../storage/index.ts'
import type { FormTarget, Frame, Page } from '../pages/index.ts'
import type { AtBrowser } from '../person-at-browser.ts'

export interface Visit extends AtBrowser {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** Of a POST; its token has been checked. */
  readonly form: URLSearchParams
  /** What the path names. */
  readonly id: string
  readonly now: number
  /** Where to sign in again before what needs a recent sign-in; undefined where there was one. */
  readonly signInAgain: string | undefined
  /** `path`: after `/account`. */
  formTo(path: string): FormTarget
  /** Puts a change on record, as this person's. */
  note(action: string, target?: string, of?: Pick<AuditRecord, 'clientId' | 'clientName'>): void
  /** The same for what was refused. */
  noteRefusal(action: string, reason: string, target?: string): void
  /** What the frame of each page says. */
  readonly frame: Frame
}

/** A page, or a path after `/account` to go on to, with what was done. */
export type Answer = Page | { readonly goTo: string; readonly done?: string }

export interface Action {
  readonly method: 'GET' | 'POST'
  /** After `/account`; of a pattern, the first group is the `id`. */
  readonly path: string | RegExp
  /** Needs a sign-in of the last ten minutes: whoever finds an open browser changes nothing that lets them back in. */
  readonly recent?: true
  /** Where somebody who is not signed in goes on, where it is not this page: its address is good in the session alone that asked for it. */
  readonly after?: string
  run(visit: Visit): Promise<Answer>
}
