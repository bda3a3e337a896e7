/**
 * The seam for what data keys are wrapped with: keys of our own, a passphrase, or a key management service. Data keys are random and
 * full of entropy, 32 bytes each; what a wrapper answers is stored, and must open nothing without its key.
 *
 * @module
 */

export interface Wrapped {
  /** Which key it was wrapped with: no secret, and the same for as long as it is the same key. */
  readonly keyId: string
  readonly wrapped: string
}

export interface KeyWrapper {
  /** The id of the key that wraps from now on. Asked before a data key is used that is new, and by `sallyport keys rotate`. */
  current(): string | Promise<string>
  /** @param context says which data key it is. It is no secret, and is bound to what comes out (associated data). */
  wrap(key: Uint8Array, context: string): Wrapped | Promise<Wrapped>
  /**
   * Undefined for what was not wrapped with a key that is here, or in another context.
   *
   * @throws where that cannot be told, such as while a service does not answer.
   */
  unwrap(keyId: string, wrapped: string, context: string): Uint8Array | undefined | Promise<Uint8Array | undefined>
}
