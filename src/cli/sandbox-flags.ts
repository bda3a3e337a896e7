/** What the flags of a sandbox say (`program/sandbox-options.ts`): the same as the block `sandbox` in `sallyport.yaml`. @module */

import { describeProblems } from '../core/index.ts'
import { type SandboxEntry, sandboxEntry } from '../gateway/index.ts'
import { CliError } from './errors.ts'

export interface SandboxFlags {
  readonly sandbox?: boolean
  readonly dangerouslyNoSandbox?: boolean
  readonly allowRead?: readonly string[]
  readonly allowWrite?: readonly string[]
  readonly allowNet?: readonly string[]
  readonly allowEnv?: readonly string[]
  readonly allowRun?: readonly string[]
}

const FLAGS = { read: 'allowRead', write: 'allowWrite', net: 'allowNet', env: 'allowEnv', run: 'allowRun' } as const
const nameOf = (key: PropertyKey): string => `--allow-${String(key)}`

/** `demanded`: of every server. `grants`: of the command that is given. @throws {CliError} E-USAGE for what cannot be meant. */
export function readSandboxFlags(
  flags: SandboxFlags,
  hasCommand: boolean,
): { readonly demanded: 'off' | 'required' | undefined; readonly grants: SandboxEntry | undefined } {
  const { sandbox = false, dangerouslyNoSandbox = false } = flags
  const named = Object.entries(FLAGS).flatMap(([key, flag]) => (flags[flag] === undefined ? [] : [[key, flags[flag]] as const]))
  const [first] = named
  if (dangerouslyNoSandbox && (sandbox || first !== undefined))
    throw new CliError(
      'E-USAGE',
      `--dangerously-no-sandbox and ${sandbox ? '--sandbox' : nameOf(first?.[0] ?? '')} do not go together`,
      'leave out one of the two',
    )
  if (first !== undefined && !hasCommand)
    throw new CliError(
      'E-USAGE',
      `${nameOf(first[0])} is for a command on the command line`,
      'put `--` and the command after it; for servers in sallyport.yaml write it there, under sandbox',
    )
  const parsed = sandboxEntry.safeParse(Object.fromEntries(named))
  if (!parsed.success) {
    const [problem] = describeProblems(parsed.error.issues, sandboxEntry)
    throw new CliError('E-USAGE', `${nameOf(problem?.path[0] ?? '')}: ${problem?.text ?? 'cannot be used'}`, 'see `sallyport guard --help`')
  }
  return { demanded: dangerouslyNoSandbox ? 'off' : sandbox ? 'required' : undefined, grants: named.length > 0 ? parsed.data : undefined }
}
