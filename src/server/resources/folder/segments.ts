/**
 * The names on the way to a file, read from the part of a URI behind the folder's own: percent-decoded once, and nothing that
 * could be another place on any platform. Pure.
 *
 * Fails closed: a name that is not surely the name of one thing in one folder is nobody's.
 *
 * @module
 */

export interface SegmentRules {
  /** Whether a name may begin with a dot. */
  readonly hidden: boolean
  readonly platform: NodeJS.Platform
}

const MAX_SEGMENTS = 32
/** NAME_MAX of every file system that counts. */
const MAX_NAME_BYTES = 255

/** Of a URI's path (RFC 3986 §3.3); a query or a fragment names no file. */
const pathCharacters = /^[\w\-.~:@!$&'()*+,;=%[\]/]+$/
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/
/** Streams, wildcards, short names' tildes, devices, and the dots and spaces that Windows drops (Win32 naming conventions). */
const windowsSpecial = /[<>:"|?*~]|[. ]$|^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i

/** Undefined: it leads to no file. */
export function toSegments(encodedPath: string, rules: SegmentRules): readonly string[] | undefined {
  if (!pathCharacters.test(encodedPath)) return undefined
  const segments: string[] = []
  for (const encoded of encodedPath.split('/')) {
    let name: string
    try {
      // Overlong and broken UTF-8 throw.
      name = decodeURIComponent(encoded)
    } catch {
      return undefined
    }
    if (!isName(name, rules) || segments.push(name) > MAX_SEGMENTS) return undefined
  }
  return segments
}

/** Whether it is one name: not a way. */
export function isName(name: string, { hidden, platform }: SegmentRules): boolean {
  if (name === '' || name === '.' || name === '..' || (!hidden && name.startsWith('.'))) return false
  if (name.includes('/') || name.includes('\\') || controls.test(name) || !name.isWellFormed()) return false
  return Buffer.byteLength(name) <= MAX_NAME_BYTES && (platform !== 'win32' || !windowsSpecial.test(name))
}

export const toEncodedPath = (segments: readonly string[]): string => segments.map(encodeURIComponent).join('/')
