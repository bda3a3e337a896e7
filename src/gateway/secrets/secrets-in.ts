/**
 * Which of the values that are handed to an upstream are secrets: told by the name they are handed over under, or because
 * they came from a file. A detector for warnings; for redaction it errs on the side of knowing too much, short of words
 * so common that ordinary results would be torn up.
 *
 * @module
 */

const secretName =
  /secret|token|passw|passphrase|credential|authorization|cookie|database[-_]?url|conn(?:ection)?[-_]?str|api[-_]?key|access[-_]?key|private[-_]?key|(?:^|[-_])(?:key|pat|auth|pwd|pass|dsn)$/i

/** The parts of `value` that must never leave; empty where it is none. */
export function secretsIn(name: string, value: string): readonly string[] {
  const found: string[] = []
  const inUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/\s]*?:([^/\s]+)@/i.exec(value)?.[1]
  if (inUrl !== undefined) found.push(inUrl)
  if (secretName.test(name) && looksLikeValue(value)) {
    found.push(value)
    const [, scheme, credential] = /^(Bearer|Basic|Token|ApiKey)\s+(\S+)$/i.exec(value) ?? []
    if (credential !== undefined) found.push(credential)
    if (scheme?.toLowerCase() === 'basic') {
      const password = Buffer.from(credential ?? '', 'base64')
        .toString()
        .split(/:(.*)/s)[1]
      if (password) found.push(password)
    }
  }
  return found
}

/** `--token=…`, or `--token` and then the value; also `API_KEY=…` and `Authorization: …`, behind whatever takes such. */
export function secretsInArguments(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    const [, name, named] = /^([A-Za-z_][\w-]*)(?:=|: *(?!\/\/))(.*)$/s.exec(arg) ?? []
    if (name !== undefined) {
      const found = secretsIn(name, named ?? '')
      if (found.length > 0) return found
    }
    const [, flag, value] = /^--?([\w-]+)=(.*)$/s.exec(arg) ?? [undefined, /^--?([\w-]+)$/.exec(args[i - 1] ?? '')?.[1], arg]
    return flag === undefined ? [] : secretsIn(flag, value ?? '')
  })
}

export const secretsInUrl = (url: URL): string[] => [...url.searchParams].flatMap(([parameter, value]) => secretsIn(parameter, value))

/** A path, a flag or a plain number says where a secret is or how long it lasts, but is none. */
const looksLikeValue = (value: string): boolean => value.length >= 8 && !/^(?:[./~]|[A-Za-z]:\\|\d{1,15}$)/.test(value)
