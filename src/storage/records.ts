/** The seam for one kind of record. Every verb is a single atomic step and answers who won. @module */

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
  /** False where a live record has that id: somebody else won. */
  putIfAbsent(id: string, value: T, options?: RecordOptions): Promise<boolean>
  /** Replaces version `version`; false where it has changed or gone meanwhile. Group and expiry are replaced too. */
  compareAndSet(id: string, version: number, value: T, options?: RecordOptions): Promise<boolean>
  /** Removes it; exactly one of any number of simultaneous callers is given it. Also the way to delete. */
  takeOnce(id: string): Promise<T | undefined>
}
