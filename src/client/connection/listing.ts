/**
 * A list of a server: awaited, all pages; iterated, page by page as they are needed. Nothing is asked before that.
 *
 * Fails by ending: a list without end, one that goes in a circle, and one that is too large, is an error and not the part that came.
 *
 * @module
 */

import { TransportError } from '../errors.ts'

/** `await` it for all, or go through it with `for await`, which asks for further pages only as they are needed. */
export interface Listing<T> extends Promise<readonly T[]>, AsyncIterable<T> {}

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string | undefined
  readonly ttlMs?: number | undefined
}

export interface Whole<T> {
  readonly items: readonly T[]
  /** The shortest that any page said; 0: not to be kept. */
  readonly ttlMs: number
}

export interface ListingOptions<T> {
  readonly fetchPage: (cursor: string | undefined) => Promise<Page<T>>
  /** What is kept of the whole, where there is something. */
  readonly kept: () => readonly T[] | undefined
  /** All pages are there. */
  readonly keep: (whole: Whole<T>) => void
  /** Who else looks at what came, whole or a page of it, and answers what is shown. */
  readonly see: (items: readonly T[], isWhole: boolean) => Promise<readonly T[]> | readonly T[]
  /** Of the server, in sentences. */
  readonly host: string
  /** All of a list together, as JSON. */
  readonly maxBytes: number
}

const MAX_PAGES = 1000
const MAX_ITEMS = 100_000

export function createListing<T>({ fetchPage, kept, keep, see, host, maxBytes }: ListingOptions<T>): Listing<T> {
  async function* pages(): AsyncGenerator<readonly T[]> {
    const cursors = new Set<string>()
    let cursor: string | undefined
    let items = 0
    let bytes = 0
    let ttlMs = Number.POSITIVE_INFINITY
    const all: T[] = []
    do {
      if (cursors.size >= MAX_PAGES) throw new TransportError('malformed', `${host} lists more than ${MAX_PAGES} pages.`)
      const page = await fetchPage(cursor)
      items += page.items.length
      bytes += JSON.stringify(page).length
      if (items > MAX_ITEMS) throw new TransportError('malformed', `${host} lists more than ${MAX_ITEMS} things.`)
      if (bytes > maxBytes) throw new TransportError('too_large', `${host} lists more than ${maxBytes} bytes.`)
      ttlMs = Math.min(ttlMs, page.ttlMs ?? 0)
      for (const item of page.items) all.push(item)
      yield page.items
      cursor = page.nextCursor
      if (cursor !== undefined && cursors.has(cursor)) throw new TransportError('malformed', `${host} lists in a circle.`)
      if (cursor !== undefined) cursors.add(cursor)
    } while (cursor !== undefined)
    keep({ items: all, ttlMs })
  }

  async function collect(): Promise<readonly T[]> {
    const held = kept()
    if (held) return see(held, true)
    const all: T[] = []
    for await (const page of pages()) for (const item of page) all.push(item)
    return see(all, true)
  }

  let collected: Promise<readonly T[]> | undefined
  const whole = (): Promise<readonly T[]> => (collected ??= collect())
  return {
    // biome-ignore lint/suspicious/noThenProperty: a list is awaited like any other answer.
    // oxlint-disable-next-line unicorn/no-thenable
    then: (onfulfilled, onrejected) => whole().then(onfulfilled, onrejected),
    catch: (onrejected) => whole().catch(onrejected),
    finally: (onfinally) => whole().finally(onfinally),
    [Symbol.toStringTag]: 'Listing',
    async *[Symbol.asyncIterator]() {
      const held = kept()
      if (held) return yield* await see(held, true)
      for await (const page of pages()) yield* await see(page, false)
    },
  }
}
