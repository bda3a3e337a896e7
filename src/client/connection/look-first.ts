/**
 * The list of tools, before the first call of one that nobody has listed. A server that has none to show, or whose list is not the protocol,
 * is called all the same: what must be encrypted is then refused by what is remembered of it, or by the server.
 *
 * @module
 */

import { MCPRequestError, TransportError } from '../errors.ts'
import type { Lists } from './lists.ts'
import type { RequestOptions } from './session.ts'

export async function lookFirst(lists: Lists, { signal }: RequestOptions): Promise<void> {
  try {
    await lists.rawTools({ cache: 'use', signal })
  } catch (error) {
    const isItsOwn = error instanceof TransportError && (error.code === 'malformed' || error.code === 'too_large')
    if (!isItsOwn && !(error instanceof MCPRequestError)) throw error
  }
}
