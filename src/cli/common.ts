/**
 * The options that commands share.
 *
 * @module
 */

/** The options that every command has. */
export interface Common {
  readonly json?: boolean
}
export interface WithData extends Common {
  readonly dataDir?: string
}
