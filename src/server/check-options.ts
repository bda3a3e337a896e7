/**
 * Everything that is wrong with a server, found before anything is opened: its options, what it offers, and what goes wrong between the two.
 * All of it at once.
 *
 * @module
 */

import { ConfigError, checkOptions } from '../core/index.ts'
import { costProblems, type RateLimits, toLimits } from '../guards/index.ts'
import { corsSchema } from '../transports/index.ts'
import { FUNCTIONS, RUN_CODE } from './code/index.ts'
import type { ServerEntries } from './server-entries.ts'
import { type InferredOptions, type MCPServerOptions, optionsSchema } from './server-options.ts'

export interface OptionsRead {
  /** Undefined where they are wrong. */
  readonly rates: RateLimits | undefined
  readonly problems: readonly string[]
}

/** @throws {ConfigError} where they are no options at all. */
export function readOptions(options: MCPServerOptions | InferredOptions<readonly unknown[], readonly unknown[]>): OptionsRead {
  const problems: string[] = []
  const read = <T>(check: () => T): T | undefined => {
    try {
      return check()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }
  if (typeof options !== 'object' || options === null) throw new ConfigError(['MCPServer: takes one object of options'])
  read(() => checkOptions('MCPServer', optionsSchema, options))
  if (options.cors !== undefined) read(() => checkOptions('MCPServer.cors', corsSchema, options.cors as never))
  const rates = read(() => toLimits(options.rateLimit, 'MCPServer.rateLimit'))
  return { rates, problems }
}

/** Of what is offered, with these options. */
export function problemsOf(options: MCPServerOptions, entries: ServerEntries, rates: RateLimits | undefined): string[] {
  return [...entries.problems, ...takenNames(options, entries), ...(rates ? costProblems(rates.limits, entries.entries) : [])]
}

/** Two tools of one name would be one that shadows the other. */
function takenNames({ code }: MCPServerOptions, { entries }: ServerEntries): string[] {
  const ours = code ? [code.name ?? RUN_CODE, FUNCTIONS] : []
  return entries
    .filter(({ kind, name }) => kind === 'tool' && ours.includes(name))
    .map(({ name }) => `tool ${name}: \`code\` makes one of that name`)
}
