/** `sallyport prompt URL NAME [name=value…]`: the messages of a prompt, as a model would get them. Without a name, the prompts that there are. @module */

import type { JsonObject } from '../../core/index.ts'
import { type Block, shownBlocks } from '../calling/results.ts'
import type { ServerFlags } from '../calling/server-flags.ts'
import { commandFor } from '../calling/server-target.ts'
import { shownLine } from '../calling/shown-text.ts'
import { parseArguments, parseObject } from '../calling/typed-arguments.ts'
import { type Server, withServer } from '../calling/with-server.ts'
import { CliError } from '../errors.ts'
import { table } from '../output.ts'
import { shownShort } from '../shown.ts'

export interface PromptFlags extends ServerFlags {
  readonly args?: string
}

export const prompt = (words: readonly string[], argv: readonly string[], flags: PromptFlags): Promise<void> =>
  withServer('prompt', words, argv, flags, async (server) => {
    const [name, ...pairs] = server.rest
    await (name === undefined ? list(server) : get(server, name, textsFrom(pairs, flags.args)))
  })

async function get({ client, output, request }: Server, name: string, args: Readonly<Record<string, string>>): Promise<void> {
  const result = await request(`asking for ${shownShort(name)}`, (options) => client.getPrompt(name, args, options))
  output.object(result)
  if (output.json) return
  for (const { role, content } of result.messages) {
    output.line(output.paint('dim', `${shownShort(role)}:`))
    for (const block of shownBlocks([content as Block])) process.stdout.write(`${block}\n`)
  }
}

/** All arguments of a prompt are text (2026-07-28 server prompts). */
function textsFrom(pairs: readonly string[], args: string | undefined): Record<string, string> {
  if (args !== undefined && pairs.length > 0)
    throw new CliError('E-USAGE', 'the arguments are given in several ways', 'give them as name=value, or with --args')
  const given: JsonObject = args === undefined ? parseArguments(pairs, {}) : parseObject(args, '--args')
  for (const [name, value] of Object.entries(given))
    if (typeof value !== 'string')
      throw new CliError('E-USAGE', `the argument ${shownShort(name)} must be text`, 'write name=value: a prompt takes nothing else')
  return given as Record<string, string>
}

async function list({ client, target, name, output, request }: Server): Promise<void> {
  const prompts = await request(`asking ${name} for its prompts`, (options) => client.listPrompts(options))
  output.object({ prompts })
  if (prompts.length === 0) output.note(`${name} has no prompts for you.`)
  else output.note(`Get one with \`${commandFor('prompt', target, ['NAME', 'name=value'])}\`.`)
  const rows = prompts.map((one) => [
    output.paint('bold', shownShort(one.name)),
    shownShort((one.arguments ?? []).map((arg) => (arg.required === true ? arg.name : `[${arg.name}]`)).join(' ')),
    shownLine(one.description ?? one.title ?? ''),
  ])
  for (const row of table(rows, process.stdout.columns)) output.line(row)
}
