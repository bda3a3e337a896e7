/**
 * `sallyport explain`: what each server of the configuration, or a command that is given, could reach if it were started now: files,
 * hosts, variables, programs, and how much of the machine. Starts nothing and changes nothing.
 *
 * @module
 */

import { explainServers, loadConfig, shownPath } from '../../gateway/index.ts'
import { type Explanation, explanationLines, openConfinement } from '../../sandbox/index.ts'
import { explainCode } from '../../server/index.ts'
import { resolveDataDir } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { CliError } from '../errors.ts'
import { createOutput, type Output } from '../output.ts'
import { readSandboxFlags, type SandboxFlags } from '../sandbox-flags.ts'
import { shown } from '../shown.ts'

export interface ExplainFlags extends WithData, SandboxFlags {
  readonly config?: string
}

export async function explain(words: readonly string[], dashes: boolean, flags: ExplainFlags): Promise<void> {
  const { json = false, dataDir } = flags
  const output = createOutput(json)
  const [command, ...args] = words
  if (dashes && command === undefined)
    throw new CliError('E-USAGE', 'there is no command after `--`', 'name one: sallyport explain -- COMMAND…')
  const target = dashes && command !== undefined ? { command, args } : undefined
  const { demanded, grants } = readSandboxFlags(flags, target !== undefined)
  const config = loadConfig({
    file: flags.config,
    cwd: process.cwd(),
    env: process.env,
    flags: { dataDir, sandbox: demanded },
    target: target && { ...target, sandbox: grants },
  })
  const servers = target === undefined && words.length > 0 ? config.servers.filter(({ id }) => words.includes(id)) : config.servers
  const unknown = target === undefined ? words.filter((word) => !config.servers.some(({ id }) => id === word)) : []
  if (unknown.length > 0)
    throw new CliError('E-USAGE', `there is no server ${shown(unknown.join(', '))}`, `there are: ${known(config.servers)}`)
  if (servers.length === 0)
    throw new CliError('E-USAGE', 'there is nothing to explain', 'name a command after `--`, or servers in sallyport.yaml')

  const confinement = await openConfinement()
  const explanations = explainServers(servers, { confinement, dataDir: resolveDataDir(dataDir ?? config.dataDir) })
  // Code that callers send belongs to no server.
  if (words.length === 0 && config.code !== undefined) explanations.push(explainCode(config.code, confinement))
  output.object({ servers: explanations })
  for (const [i, each] of explanations.entries()) {
    if (i > 0) output.line()
    for (const line of linesOf(each, output)) output.line(line)
  }
}

const known = (servers: readonly { readonly id: string }[]): string => servers.map(({ id }) => id).join(', ') || 'none in sallyport.yaml'

const WIDTH = 'variables'.length

function linesOf(explanation: Explanation, { paint }: Output): string[] {
  const isHeld = explanation.depth !== 'none' && explanation.depth !== 'process'
  return [
    paint('bold', shown(explanation.name)),
    ...explanationLines(explanation, shownPath).map(({ label, text }) => {
      const written = shown(text)
      const coloured = label === 'missing' || (label === 'sandbox' && !isHeld) ? paint('yellow', written) : written
      return `  ${paint('dim', label.padEnd(WIDTH))}  ${coloured}`
    }),
  ]
}
