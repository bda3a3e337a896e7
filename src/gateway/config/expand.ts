/**
 * Values from elsewhere: `${env:X}` (Cursor, VS Code), `${X}` and `${X:-default}` (Claude Code), `${file:/path}`. What is
 * not there is a problem, never an empty value. `${secret:NAME}` and `${user-secret:NAME}` stay references: what they name is kept
 * sealed, and is filled in where it is used.
 *
 * @module
 */

import { readFileSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { isSecretName } from '../../vault/index.ts'
import type { SecretReference, Template } from '../secrets/template.ts'

export interface Expansion {
  /** Without the named secrets. */
  readonly text: string
  /** All of it, where there are named secrets in it. */
  readonly template: Template | undefined
  /** Why it could not be completed; names the variable or file, never a value. */
  readonly problems: readonly string[]
  /** Whether something was filled in: a secret that is written out in full has no reference. */
  readonly referred: boolean
  /** What came from files: those are secrets, whatever they are called. */
  readonly fromFiles: readonly string[]
}

export type Env = Readonly<Record<string, string | undefined>>

export interface ExpandOptions {
  /** Whether it may refer to named secrets. */
  readonly takesSecrets?: boolean
  /** A server gets it, or whoever it leads to: then nothing of ours is in it. */
  readonly isHandedOver?: boolean
}

const MAX_FILE_BYTES = 65_536

/** Keys of ours are in some of them. */
export const isOurs = (variable: string): boolean => /^SALLYPORT_/i.test(variable)
export const NOT_OURS = 'variables of Sallyport itself are never handed to a server'

export function expand(
  written: string,
  env: Env,
  dir: string,
  { takesSecrets = false, isHandedOver = false }: ExpandOptions = {},
): Expansion {
  const problems: string[] = []
  const fromFiles: string[] = []
  const pieces: (string | SecretReference)[] = []
  let referred = false
  let done = 0
  for (const { 0: whole, 1: inside = '', index } of written.matchAll(/\$\{([^}]*)\}/g)) {
    referred = true
    pieces.push(written.slice(done, index), valueOf(inside))
    done = index + whole.length
  }
  pieces.push(written.slice(done))
  const template = pieces.some((piece) => typeof piece !== 'string') ? pieces.filter((piece) => piece !== '') : undefined
  return { text: pieces.filter((piece) => typeof piece === 'string').join(''), template, problems, referred, fromFiles }

  function valueOf(inside: string): string | SecretReference {
    const [, scheme, rest = ''] = /^(?:([a-z-]+):(?!-))?(.*)$/s.exec(inside) ?? []
    if (scheme === 'file') {
      const value = fromFile(resolve(dir, rest))
      if (value === undefined) problems.push(`the file ${rest} cannot be read`)
      else fromFiles.push(value)
      return value ?? ''
    }
    if (scheme === 'secret' || scheme === 'user-secret') {
      if (!takesSecrets) problems.push(`\${${scheme}:…} can stand in "env" and "headers" of a server alone; use \${file:PATH}`)
      else if (!isSecretName(rest)) problems.push(`\${${scheme}:…} must hold the name of a secret: a letter, then letters, digits, - and _`)
      else return { secret: rest, of: scheme === 'secret' ? 'everybody' : 'person' }
      return ''
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
    if (isHandedOver && isOurs(name)) {
      problems.push(NOT_OURS)
      return ''
    }
    const value = env[name] || fallback
    if (value === undefined) problems.push(`the variable ${name} is not set`)
    return value ?? ''
  }
}

/** What is no file of anybody's: all variables of this process, ours among them, are in one that the kernel shows. */
const KERNELS = /^\/(?:proc|sys)(?:\/|$)/

function fromFile(path: string): string | undefined {
  try {
    const real = realpathSync(path)
    const found = statSync(real)
    if (KERNELS.test(real) || !found.isFile() || found.size > MAX_FILE_BYTES) return undefined
    return readFileSync(real, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}
