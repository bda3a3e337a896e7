/**
 * Takes the types out of modules before children run them, so that each starts as fast as if they were plain JavaScript. It is done in
 * the sandbox, without a grant: a module that reaches out of its folder gets nothing that way that it could not read.
 *
 *   convert.ts ─ inside/types.ts ─▶ what a child is told first (inside/stripped.ts)
 *
 * It only saves time: whatever goes wrong here, each child does it for itself.
 *
 * @module
 */

import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Log } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { type Confinement, createChildren, type Pool, toGrants, toNodeProgram, toolLimits } from '../sandbox/index.ts'
import { moduleFiles } from './definitions/index.ts'

export interface ModuleTypes {
  /** The line for children of this module; undefined where there is nothing to tell. Never rejects. */
  greeting(file: string): Promise<string | undefined>
  close(): Promise<void>
}

export interface ModuleTypesOptions {
  readonly confinement: Confinement
  readonly log: Log
  /** What stays unseen beside what a module's own folder hides. */
  readonly hidden?: readonly string[] | undefined
}

const TYPESCRIPT = /\.m?ts$/
/** Of all of them together, in characters: they last as long as their modules, each of which may bring the same large library. */
const MAX_KEPT = 64 * 1024 * 1024

export function createModuleTypes({ confinement, log, hidden = [] }: ModuleTypesOptions): ModuleTypes {
  const children = createChildren({ confinement, log, spares: 0 })
  const pools = new Map<string, Pool>()
  let kept = 0

  /** One for all modules of a folder: they see the same. */
  function poolOf(file: string): Pool {
    const cwd = dirname(file)
    const known = pools.get(cwd)
    if (known) return known
    const files = moduleFiles(file)
    const program = toNodeProgram(
      {
        inside: 'types',
        args: [],
        grants: toGrants({}, cwd, toolLimits),
        code: files.code,
        hidden: [...files.hidden, ...hidden],
        cwd,
      },
      confinement.depth,
    )
    const pool = children.pool({ name: `types of ${cwd}`, program })
    pools.set(cwd, pool)
    return pool
  }

  return {
    async greeting(file) {
      if (!TYPESCRIPT.test(file)) return undefined
      try {
        const message = { file: pathToFileURL(file).href }
        const end = await poolOf(file).run({ owner: 'types', message, onAbort: () => {} })
        const types = end.kind === 'done' && isObject(end.value) ? end.value['types'] : undefined
        if (!isObject(types) || Object.keys(types).length === 0) return undefined
        const greeting = JSON.stringify(types)
        if (kept + greeting.length > MAX_KEPT) return undefined
        kept += greeting.length
        return greeting
      } catch {
        // What cannot be confined is told where it is to run.
        return undefined
      }
    },
    close: children.close,
  }
}
