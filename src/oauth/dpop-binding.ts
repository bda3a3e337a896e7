/** What a token says that it is bound to (`cnf`, RFC 7800 §3.1). Pure. @module */

export interface Binding {
  /** The thumbprint of a key (RFC 9449 §6.1); undefined for a token that is good by itself. */
  readonly boundTo: string | undefined
  /** The thumbprint of a certificate (RFC 8705 §3.1). */
  readonly certificate: string | undefined
}

/** A SHA-256 as base64url (RFC 7638). */
const thumbprint = /^[\w-]{43}$/

/** Undefined where it is bound to something that is not checked here: such a token must be refused, not taken for a free one. */
export function bindingOf(cnf: unknown): Binding | undefined {
  if (cnf === undefined) return { boundTo: undefined, certificate: undefined }
  if (typeof cnf !== 'object' || cnf === null) return undefined
  const { jkt, 'x5t#S256': certificate, ...others } = cnf as Record<string, unknown>
  const given = [jkt, certificate].filter((each) => each !== undefined)
  if (given.length === 0 || Object.keys(others).length > 0) return undefined
  if (!given.every((each) => typeof each === 'string' && thumbprint.test(each))) return undefined
  return { boundTo: jkt as string | undefined, certificate: certificate as string | undefined }
}
