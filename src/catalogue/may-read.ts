/**
 * Whether somebody may read a resource, asked beside a read: to tell of its changes, or to point to it. Decided as the read would be
 * (`guards/authorize`, `validate`, `approve`), with nothing of it run but what reads the URI.
 *
 * Fails closed: what cannot be decided may not be read.
 *
 * @module
 */

import type { Decision, Entry, JsonObject, Principal } from '../core/index.ts'
import type { Catalogue } from './catalogue.ts'

/** What it would be read from; undefined: nothing, for this principal. */
export type Readable = Entry | undefined

export function mayRead(
  catalogue: Pick<Catalogue, 'resolve' | 'permits'>,
  uri: string,
  principal: Principal,
): Readable | Promise<Readable> {
  const entry = catalogue.resolve(uri)
  if (!entry || !catalogue.permits(principal, entry).permitted) return undefined
  const judge = (args: unknown): Readable =>
    !entry.condition || entry.condition.check(args as JsonObject, principal) === 'met' ? entry : undefined
  const settle = (read: Decision<unknown>): Readable => (read.allowed ? judge(read.value) : undefined)
  if (!entry.normalize) return judge({ uri })
  try {
    const read = entry.normalize({ uri })
    return read instanceof Promise ? read.then(settle).catch(() => undefined) : settle(read)
  } catch {
    // A library's own rule that broke: the same read would crash.
    return undefined
  }
}
