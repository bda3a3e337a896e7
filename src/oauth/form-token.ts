/**
 * The token in each form of ours, by which a form that another site sent is told from our own (CSRF): a MAC over all that the form is bound
 * to. Whoever cannot read our page cannot make one, and one of another form, another session or another person does not fit.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isForeignForm } from './addresses.ts'
import type { Settings } from './options.ts'

export interface FormTokens {
  /** Bound to what the form does, and for whom: a browser's session or question, an account. */
  tokenFor(...bound: readonly (string | undefined)[]): string
  /** A form that a page of ours did not send, or not for this: `token` is the one that fits. */
  isForged(request: IncomingMessage, form: URLSearchParams, token: string): boolean
}

export function createFormTokens({ issuer, keyRing }: Pick<Settings, 'issuer' | 'keyRing'>): FormTokens {
  const own = new URL(issuer).origin
  return {
    tokenFor: (...bound) => keyRing.mac('csrf', JSON.stringify(bound.map((part) => part ?? null))).toString('base64url'),
    isForged(request, form, token) {
      if (isForeignForm(request, own)) return true
      const [given, expected] = [Buffer.from(form.get('csrf') ?? ''), Buffer.from(token)]
      return given.length !== expected.length || !timingSafeEqual(given, expected)
    },
  }
}
