/** The seam for the keys that protect what is stored. @module */

/** Place: where a sealed value belongs, e.g. `secret/signing-keys/KID`. A value moved to another place does not open. */
export interface KeyRing {
  /** AES-256-GCM with `place` as associated data; printable ASCII (base64url), with the id of the key. */
  seal(plaintext: string | Uint8Array, place: string): string
  /** Undefined for what was sealed elsewhere, with a key that is gone, or tampered with. */
  open(sealed: string, place: string): Buffer | undefined
  /** HMAC-SHA256 with a key derived for `purpose` (HKDF): API keys, ids of successors, anything compared and not read. */
  mac(purpose: string, data: string | Uint8Array): Buffer
}
