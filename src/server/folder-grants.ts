/**
 * What the modules of a folder are granted: what each asks for itself, where whoever loads the folder allows it.
 *
 *   sandbox (of a definition) ─ within atMost? ─▶ its grants, as they were read
 *                                             └─▶ a problem, and the line that would allow it
 *
 * Fails closed: what nobody allows is not started.
 *
 * @module
 */

import { realpathSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { beyond, isWithin, lowered, type SandboxOptions, toGrants, together, toolLimits } from '../sandbox/index.ts'
import { moduleFiles, readSandbox, withGrants } from './definitions/index.ts'

export interface FolderGrants {
  /** `sandbox` of a definition as what it comes to. Undefined: there were problems, and they were reported. */
  grant(file: string, sandbox: unknown, report: (problem: string) => void): SandboxOptions | undefined
  /** `atMost` as it would have to be for all that was asked for; undefined: it is. */
  readonly remedy: string | undefined
}

/** `folder`: what paths of `atMost` are relative to. */
export function createFolderGrants(folder: string, atMost: SandboxOptions): FolderGrants {
  const base = realpathSync(folder)
  const most = toGrants(atMost, base, toolLimits)
  const defaults = lowered(toolLimits, most.limits)
  let missing: SandboxOptions | undefined

  return {
    grant(file, sandbox, report) {
      const asked = sandbox === undefined ? {} : readSandbox(sandbox, report)
      if (!asked) return undefined
      const real = realpathSync(file)
      const grants = toGrants(asked, dirname(real), defaults)
      const { read, write } = most
      const { hidden } = moduleFiles(real)
      const outside = together(beyond(grants, most), {
        read: uncovered(grants.read, hidden, [...read, ...write]),
        write: uncovered(grants.write, hidden, write),
      })
      if (Object.keys(outside).length === 0) return withGrants(grants)
      missing = together(missing ?? {}, outside)
      report(`asks for ${written(outside, base)}, which \`atMost\` does not allow`)
      return undefined
    },
    get remedy() {
      return missing && `{ ${written(together(atMost, missing), base)} }`
    },
  }
}

/** What is hidden beside a module is shown to it where that is allowed by its own name, and not because its folder is. */
const uncovered = (paths: readonly string[], hidden: readonly string[], allowed: readonly string[]): string[] =>
  paths.filter((path) => hidden.some((secret) => isWithin(path, secret) && !allowed.some((most) => isWithin(most, secret))))

/** As it is written in a program. */
function written(options: SandboxOptions, base: string): string {
  const isPath = (kind: string): boolean => kind === 'read' || kind === 'write' || kind === 'run'
  return Object.entries(options)
    .map(([name, value]) =>
      Array.isArray(value)
        ? `${name}: [${value.map((each: string) => quoted(isPath(name) ? short(each, base) : each)).join(', ')}]`
        : `${name}: ${value}`,
    )
    .join(', ')
}

function short(path: string, base: string): string {
  const from = relative(base, path)
  const dotted = from.startsWith('..') ? from : `./${from}`
  return path.startsWith('/') && dotted.length < path.length ? dotted : path
}

/** A module has written it: nothing in it may look like something else. */
const quoted = (text: string): string =>
  `'${text.replace(/[^ -~]|['\\]/gu, (sign) => (sign === "'" || sign === '\\' ? `\\${sign}` : `\\u{${(sign.codePointAt(0) as number).toString(16)}}`))}'`
