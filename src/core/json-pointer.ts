/** One step of a JSON Pointer (RFC 6901 §3), as the key that it stands for and as it is written. Pure. @module */

export const pointerToken = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** In this order (§4): `~01` is the key `~1`. */
export const keyOfToken = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~')
