/**
 * The environment of a server in a sandbox: what says where programs are and how to write to people, what the operator granted, and what
 * the configuration names for it. Of ours nothing else: it holds keys, and the addresses of sockets.
 *
 * @module
 */

import { delimiter, dirname, isAbsolute } from 'node:path'
import { isWithin } from '../../sandbox/index.ts'
import { isSystem } from './looking.ts'

export type Env = Readonly<Record<string, string | undefined>>

const BASICS = ['LANG', 'LANGUAGE', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TERM', 'NO_COLOR']
/** Who signs certificates is no secret, and whoever may connect has to know. */
const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

export interface EnvironmentOptions {
  readonly ours: Env
  /** What is granted of it. */
  readonly granted: readonly string[]
  /** What the configuration names. */
  readonly named: Readonly<Record<string, string>>
  readonly command: string
  readonly code: readonly string[]
  readonly connects: boolean
}

export interface Environment {
  readonly env: Readonly<Record<string, string>>
  /** Files that it speaks of. */
  readonly files: readonly string[]
}

export function environmentFor({ ours, granted, named, command, code, connects }: EnvironmentOptions): Environment {
  const env: Record<string, string> = { PATH: pathFor(ours['PATH'], command, code) }
  const take = (names: readonly string[]): void => {
    for (const name of names) {
      const value = ours[name]
      if (value !== undefined) env[name] = value
    }
  }
  take(BASICS)
  if (connects) take(CERTIFICATES)
  take(granted)
  const files = CERTIFICATES.flatMap((name) => (connects && env[name] !== undefined && isAbsolute(env[name]) ? [env[name]] : []))
  for (const [name, value] of Object.entries(named)) if (!/^SALLYPORT_/i.test(name)) env[name] = value
  return { env, files }
}

/** Of our folders of programs, those that it can see. */
function pathFor(ours: string | undefined, command: string, code: readonly string[]): string {
  const folders = (ours ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && (isSystem(folder) || code.some((each) => isWithin(folder, each))))
  return [...new Set([...folders, dirname(command), '/usr/local/bin', '/usr/bin', '/bin'])].join(delimiter)
}
