/**
 * Whose budget a request counts against before anybody is known: an address with all that one machine has for the asking,
 * and pages of other sites apart from programs, so that a web page never uses up what programs need.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { addressGroup, isLoopbackName } from '../net/index.ts'

export { addressGroup }

/** An `Origin` that is neither ours nor this computer's, or a browser that says where its page comes from (Fetch Metadata §2.3). */
function isFromAnotherSite({ headers }: IncomingMessage, own: string): boolean {
  const { origin } = headers
  if (origin === undefined) return headers['sec-fetch-site'] === 'cross-site'
  return origin !== own && !isLoopbackName(URL.parse(origin)?.hostname ?? '')
}

/** A form that a page of ours did not send: browsers say where a POST comes from (Fetch §3.2). */
export const isForeignForm = ({ headers }: IncomingMessage, own: string): boolean => headers.origin !== undefined && headers.origin !== own

/** `own`: the origin of the issuer. */
export const budgetOf = (request: IncomingMessage, address: string, own: string): string =>
  `${isFromAnotherSite(request, own) ? 'page' : 'program'} ${addressGroup(address)}`

/** How many requests that are stored a budget has in their window: fewer where a page of another site wanted them. */
export const mostStored = (budget: string): number => (budget.startsWith('page ') ? 60 : 300)
