/** What a JWK is, by itself: whether it is fit to be shown to others. Pure. @module */

/** Of private and symmetric keys (RFC 7518 §6). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

export const hasPrivatePart = (jwk: object): boolean => privateMembers.some((member) => Object.hasOwn(jwk, member))
