/** Where a metadata document may be, tried in their order. Fails closed: only "there is nothing here" leads on to the next place. @module */

import type { JsonObject } from '../../core/index.ts'
import { askForDocument, isRedirect } from '../documents.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'

/** Undefined where it is nowhere: whatever else a server says is its word. @throws {AuthorizationError | TransportError} */
export async function loadFirst(
  network: Network,
  places: readonly URL[],
): Promise<{ readonly document: JsonObject; readonly at: string } | undefined> {
  for (const url of places) {
    const at = url.origin + url.pathname
    const { status, document } = await askForDocument(network, url)
    if (isRedirect(status)) throw new AuthorizationError('redirected', `${at} answers with a redirect.`)
    if (status >= 400 && status < 500) continue
    if (status !== 200 || document === undefined)
      throw new AuthorizationError('metadata_invalid', `${at} answers ${status} and no JSON object of an ordinary size.`)
    return { document, at }
  }
  return undefined
}
