/** What an entry of the list of secrets says, and the short ways to write one. @module */

/**
 * It is tried only where one of its literals stands, on a window of the text. Its expression can be read one way only: the next character
 * decides wherever it may go on or stop (`test/support/one-way.ts`). So nothing is gone back for, and no text takes longer than its length.
 */
export interface SecretPattern {
  /** What a finding is called. */
  readonly id: string
  /** ASCII in lower case, three characters at least: what makes it worth looking. Their case in the text does not matter, the pattern's does. */
  readonly literals: readonly string[]
  /** Begins at the literal, or `back` characters before it. Group 1 is the secret where there is one, else all of it is. */
  readonly pattern: string
  /** The first of several that fits. */
  readonly back?: number | readonly number[]
  /** Where it ends, if not where the pattern does: at `most` at the latest. */
  readonly goesOn?: (text: string, from: number, most: number) => number
  /** The literal begins a word. Not so: it may be a part of one, as in `DB_PASSWORD`. */
  readonly inWord?: boolean
  /** It is found by what stands before it: one with a form of its own at the same place says better what it is. */
  readonly byName?: boolean
  /** Nothing may follow that could belong to it: its length is fixed. */
  readonly exact?: boolean
  /** How far to look; 400 characters unless told. */
  readonly window?: number
  /** What the text before the literal must not be: `nextPageToken` is no secret. */
  readonly notAfter?: RegExp
  readonly check?: (secret: string) => boolean
}

/** A token that says itself what it is. Each literal is a beginning of it. */
export const token = (id: string, literals: string, pattern: string, more: Partial<SecretPattern> = {}): SecretPattern => ({
  id,
  literals: literals.split(' '),
  pattern,
  ...more,
})

/** The same, of one length. */
export const exactToken = (id: string, literals: string, pattern: string, more: Partial<SecretPattern> = {}): SecretPattern =>
  token(id, literals, pattern, { exact: true, ...more })

export const UUID = '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}'
