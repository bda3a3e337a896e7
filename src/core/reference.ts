/**
 * Arguments that are references: a message carries where something is, and whoever executes the call gets what is there. What may be
 * referred to is of this server alone, and is read in the caller's name.
 *
 * @module
 */

/** Compiled when the catalogue changes. */
export interface ReferenceField {
  /** The keys that lead to it in the arguments; `*`: every item of a list. */
  readonly path: readonly string[]
  /** Where what was given points to; undefined: nowhere that this argument may point to. Never fetches anything. */
  toUri(given: string): string | undefined
  readonly maxBytes: number
  /** Whether content of that media type may come of it. */
  accepts(mimeType: string): boolean
  /** What takes its place: the content with what is known of it, or, for an upstream, the bare text or its Base64. */
  readonly as: 'content' | 'text' | 'base64'
}

interface Referenced {
  /** Where it was read. */
  readonly uri: string
  readonly mimeType: string
  /** In bytes. */
  readonly size: number
  /** What whoever put it there calls it. */
  readonly name?: string | undefined
}

/** What a function gets in the place of a reference: text where it is text, else bytes. */
export type ReferencedContent =
  | (Referenced & { readonly text: string; readonly bytes?: undefined })
  | (Referenced & { readonly bytes: Uint8Array; readonly text?: undefined })

/** How a reference is marked on the wire, in the JSON Schema of its argument. */
export const REFERENCE_MARK = 'x-sallyport-ref'

/** What a schema library makes of a reference, until the content is put in its place (`asContent`). */
export class PendingContent {
  readonly reference: string

  constructor(reference: string) {
    this.reference = reference
  }
}
