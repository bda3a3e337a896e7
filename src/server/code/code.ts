/**
 * Code of callers, wired: the pool that runs it, the tools that it may call, and the two entries of the catalogue.
 *
 * Fails closed: where nothing can be confined, each call is refused, and nothing runs.
 *
 * @module
 */

import { availableParallelism } from 'node:os'
import type { Catalogue } from '../../catalogue/index.ts'
import { allow, type Clock, type Entry, type Log, problemOf, type Redactor } from '../../core/index.ts'
import { createPool, createSnippets, openConfinement, type Pool, snippetProgram } from '../../sandbox/index.ts'
import type { CallWithin } from '../calling-within.ts'
import { requireSandbox } from '../require-sandbox.ts'
import { createCodeEntries } from './entries.ts'
import { createFunctions } from './functions.ts'
import type { CodeSettings } from './options.ts'
import { createRunCode } from './run-code.ts'

export interface CodeDependencies {
  readonly settings: CodeSettings
  readonly catalogue: Catalogue
  readonly callWithin: CallWithin
  readonly redactor: Redactor
  readonly clock: Clock
  readonly log: Log
}

export interface Code {
  readonly entries: readonly Entry[]
  close(): Promise<void>
}

export function createCode({ settings, catalogue, callWithin, redactor, clock, log }: CodeDependencies): Code {
  const { limits, tools, children = Math.max(2, availableParallelism()) } = settings
  const functions = createFunctions({ globs: tools, catalogue, redactor })
  const opened = openConfinement({ log, prefer: settings.depth }).then((confinement): Pool => {
    return createPool({ name: settings.name, confinement, program: snippetProgram(limits, confinement.depth), log, clock, children })
  })
  // Whoever calls is told, too.
  opened.catch((error: unknown) => log('error', 'code of callers cannot be run', { problem: problemOf(error) }))
  const run = createSnippets({ run: async (job) => (await opened).run(job) }, limits)
  const entries = createCodeEntries(settings, createRunCode({ run, functions, callWithin, limits }), async ({ principal, args }) => {
    const { query } = args as { readonly query?: string }
    return allow({ kind: 'result', result: { content: [{ type: 'text', text: await functions.declare(principal, query) }] } })
  })
  return {
    entries,
    async close() {
      const pool = await opened.catch(() => undefined)
      await pool?.close()
    },
  }
}

/** At the start of a server: whether there is a sandbox that will do. @throws {ConfigError} */
export async function requireCodeSandbox({ depth: prefer }: Pick<CodeSettings, 'depth'>, strict: boolean, log: Log): Promise<void> {
  requireSandbox(await openConfinement({ log, prefer }), 'code', strict, log)
}
