/** The seam for one kind of record. Every verb is a single atomic step and answers who won. @module */

/** What the live records of a group come to. */
export interface Usage {
  readonly count: number
  /** Of their values as JSON. */
  readonly bytes: number
}

export interface Stored<T> {
  readonly id: string
  readonly value: T
  /** Grows by one with each change; what `compareAndSet` compares. */
  readonly version: number
}

export interface RecordOptions {
  /** A second way to find it: all records of one group (a grant's tokens, an account's keys). */
  readonly group?: string | undefined
  /** Milliseconds since the epoch. From then on it is as if it were not there, and a sweep removes it. */
  readonly expiresAt?: number | undefined
}

export interface Query {
  readonly group?: string | undefined
  /** Ids greater than this one, in order: for paging. */
  readonly after?: string | undefined
  /** At most 1,000, which is also the default. */
  readonly limit?: number | undefined
}

export interface Records<T> {
  get(id: string): Promise<Stored<T> | undefined>
  /** In order of id. */
  list(query?: Query): Promise<readonly Stored<T>[]>
  /** Reads none of them. */
  usage(group: string): Promise<Usage>
  /** False where a live record has that id: somebody else won. */
  putIfAbsent(id: string, value: T, options?: RecordOptions): Promise<boolean>
  /** Replaces version `version`; false where it has changed or gone meanwhile. Group and expiry are replaced too. */
  compareAndSet(id: string, version: number, value: T, options?: RecordOptions): Promise<boolean>
  /** Removes it; exactly one of any number of simultaneous callers is given it. Also the way to delete. */
  takeOnce(id: string): Promise<T | undefined>
}

/** What `list` answers at most. */
export const MAX_PAGE = 1000

/** All of them in order of id, a page at a time. Of what changes meanwhile, it is open what is seen. */
export async function* allRecords<T>(records: Pick<Records<T>, 'list'>, { group }: Pick<Query, 'group'> = {}): AsyncGenerator<Stored<T>> {
  for (let after: string | undefined; ; ) {
    const page = await records.list({ group, after })
    yield* page
    after = page.at(-1)?.id
    if (page.length < MAX_PAGE) return
  }
}

const MAX_ATTEMPTS = 100

/**
 * Replaces a value by what `next` makes of it, however often somebody else is faster: it is asked again then. Undefined: `next` left it as it is.
 *
 * @throws where others are faster for ever.
 */
export async function changeRecord<T>(
  records: Records<T>,
  id: string,
  next: (now: T | undefined) => T | undefined | Promise<T | undefined>,
  options: (value: T) => RecordOptions,
): Promise<T | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await records.get(id)
    const value = await next(found?.value)
    if (value === undefined) return undefined
    const won = found
      ? await records.compareAndSet(id, found.version, value, options(value))
      : await records.putIfAbsent(id, value, options(value))
    if (won) return value
  }
  throw new Error('a record changes faster than it can be written')
}
