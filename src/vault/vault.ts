/** The seam for what is stored sealed: each kind of record, and each person in it, has a data key of its own. @module */

/**
 * Where a sealed value belongs, down to the field: it opens there and nowhere else. `kind` and `subject` name the data key that it is
 * sealed with; without a `subject` that is the key of the kind.
 */
export interface Place {
  /** The kind of record, as `RecordKind` has it. Data keys are destroyed by it. */
  readonly kind: string
  readonly id: string
  readonly field: string
  /** Whose data it is, as `subjectOf` names them: forgetting them destroys their data keys. */
  readonly subject?: string | undefined
}

export interface Vault {
  /** AES-256-GCM with the place as associated data; printable ASCII, with the id of the data key. */
  seal(plaintext: string | Uint8Array, place: Place): Promise<string>
  /** Undefined for what was sealed elsewhere, with a data key that is destroyed, or tampered with. */
  open(sealed: string, place: Place): Promise<Buffer | undefined>
  /** Destroys data keys for ever: all of a subject's, all of a kind, or one subject's of one kind. Answers how many there were. */
  shred(what: { readonly kind?: string; readonly subject?: string }): Promise<number>
}
