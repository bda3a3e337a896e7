/** Where a metadata document may be, tried in their order. Fails closed: only "there is nothing here" leads on to the next place. @module */

import type { JsonObject } from '../../core/index.ts'
import { isRedirect } from '../../net/index.ts'
import { askForDocument } from '../documents.ts'
import { AuthorizationError, TransportError } from '../errors.ts'
import type { Network } from '../network.ts'

const NOT_NOW = [408, 425, 429]

/** Undefined where it is nowhere: whatever else a server says is its word. @throws {AuthorizationError | TransportError} */
export async function loadFirst(
  network: Network,
  places: readonly URL[],
): Promise<{ readonly document: JsonObject; readonly at: string } | undefined> {
  for (const url of places) {
    const at = url.origin + url.pathname
    const { status, document } = await askForDocument(network, url)
    if (isRedirect(status)) throw new AuthorizationError('redirected', `${at} answers with a redirect.`)
    // Whoever has it say "not now" must not thereby choose the next place.
    if (NOT_NOW.includes(status)) throw new TransportError('http_status', `${at} answers ${status}.`, status)
    if (status >= 400 && status < 500) continue
    if (status !== 200 || document === undefined)
      throw new AuthorizationError('metadata_invalid', `${at} answers ${status} and no JSON object of an ordinary size.`)
    return { document, at }
  }
  return undefined
}
