/**
 * Values from elsewhere: `${env:X}` (Cursor, VS Code), `${X}` and `${X:-default}` (Claude Code), `${file:/path}`. What is
 * not there is a problem, never an empty value.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

export interface Expansion {
  readonly text: string
  /** Why it could not be completed; names the variable or file, never a value. */
  readonly problems: readonly string[]
  /** Whether something was filled in: a secret that is written out in full has no reference. */
  readonly referred: boolean
  /** What came from files: those are secrets, whatever they are called. */
  readonly fromFiles: readonly string[]
}

export type Env = Readonly<Record<string, string | undefined>>

const MAX_FILE_BYTES = 65_536

export function expand(written: string, env: Env, dir: string): Expansion {
  const problems: string[] = []
  const fromFiles: string[] = []
  let referred = false
  const text = written.replace(/\$\{([^}]*)\}/g, (_, inside: string) => {
    referred = true
    const [, scheme, rest = ''] = /^(?:([a-z]+):(?!-))?(.*)$/s.exec(inside) ?? []
    if (scheme === 'file') {
      const value = fromFile(resolve(dir, rest))
      if (value === undefined) problems.push(`the file ${rest} cannot be read`)
      else fromFiles.push(value)
      return value ?? ''
    }
    if (scheme !== undefined && scheme !== 'env') {
      problems.push(`\${${scheme}:…} is not known here; use \${env:NAME} or \${file:PATH}`)
      return ''
    }
    const [name = '', fallback] = rest.split(/:-(.*)/s, 2)
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      problems.push('${…} must hold the name of a variable')
      return ''
    }
    const value = env[name] || fallback
    if (value === undefined) problems.push(`the variable ${name} is not set`)
    return value ?? ''
  })
  return { text, problems, referred, fromFiles }
}

function fromFile(path: string): string | undefined {
  try {
    return statSync(path).size > MAX_FILE_BYTES ? undefined : readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}
