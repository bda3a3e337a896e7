/**
 * The seam: where a client keeps what it must not lose and nobody may read. Tokens, registrations and the pins of definitions all go
 * through it. Names are made in `names.ts`; values are text that only whoever wrote them understands.
 *
 * @module
 */

export interface TokenStore {
  /**
   * Undefined where there is nothing, or nothing that can be read any more: both mean that the person signs in again. It is a use: what
   * nobody reads or writes for long may be removed (`lifetimes.ts`).
   */
  read(name: string): Promise<string | undefined>
  /** Puts `value` in the place of what was there, whole or not at all. Outside of `exclusively` it waits for whoever is inside. */
  write(name: string, value: string): Promise<void>
  /** Nothing is wrong where there is nothing. Outside of `exclusively` it waits for whoever is inside. */
  remove(name: string): Promise<void>
  /**
   * Runs `work` while nobody else, in this process or another, is inside for the same name, and answers what `work` does. Inside,
   * `read`, `write` and `remove` of that name are at hand; a second `exclusively` for it is an error.
   *
   * Rejects BEFORE `work` begins where what it will write could not be kept (full disk, read-only): a refresh token must not be spent
   * on a successor that is then lost.
   */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>
}

/** The most that a value may have, in bytes of UTF-8. */
export const MAX_VALUE_BYTES: number = 256 * 1024
/** The most that a name may have, in characters. */
export const MAX_NAME = 8192

/** These are made by the program; one that is wrong is a fault of the program. */
export function requireName(name: string): void {
  if (name.length > MAX_NAME || !/^[\x21-\x7e]+$/.test(name))
    throw new TypeError(`The name of a record is 1 to ${MAX_NAME} characters of visible ASCII.`)
}

export function requireValue(value: string): void {
  if (!value.isWellFormed() || Buffer.byteLength(value) > MAX_VALUE_BYTES)
    throw new TypeError(`A record is text of at most ${MAX_VALUE_BYTES / 1024} KiB.`)
}
