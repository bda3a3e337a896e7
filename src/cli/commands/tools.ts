/**
 * `sallyport tools URL [NAME]`: what a server offers, as it describes it. Descriptions and hints are the server's own words: they are
 * shown as such, and nothing is decided by them. A tool that is another than when it was seen first is not called until it is accepted:
 * `--accept` shows what changed, and accepts exactly that.
 *
 * @module
 */

import type { InspectedTool } from '../../client/index.ts'
import type { ServerFlags } from '../calling/server-flags.ts'
import { commandFor } from '../calling/server-target.ts'
import { shownLine } from '../calling/shown-text.ts'
import { nameOfTool, noSuchTool, noticed, toolLines, toolRow } from '../calling/tool-lines.ts'
import { type Server, withServer } from '../calling/with-server.ts'
import { exitCodes } from '../codes.ts'
import { CliError } from '../errors.ts'
import { table } from '../output.ts'
import { shownShort } from '../shown.ts'

export interface ToolsFlags extends ServerFlags {
  readonly accept?: boolean
}

export const tools = (words: readonly string[], argv: readonly string[], flags: ToolsFlags): Promise<void> =>
  withServer('tools', words, argv, flags, async (server) => {
    const { client, target, output, rest, name, request } = server
    const [wanted, ...more] = rest
    if (more.length > 0) throw new CliError('E-USAGE', 'only one tool can be named', 'leave the others out, or all: then all are listed')
    const all = await request(`asking ${name} for its tools`, ({ signal }) => client.inspectTools({ signal }))
    const info = await request(`asking ${name} what it is`, (options) => client.serverInfo(options))
    const some = wanted === undefined ? all : all.filter((one) => nameOfTool(one) === wanted)
    if (wanted !== undefined && some.length === 0) throw noSuchTool(wanted, all, server)
    const changed = some.filter(({ drift }) => drift !== undefined)
    if (!output.json) show(server, some, { wanted, calls: [info.name, info.version], revision: info.protocolVersion })
    const accepted = flags.accept === true && changed.length > 0 && (await accept(server, changed))
    output.object({ server: info, tools: some, accepted: accepted ? changed.map(nameOfTool) : [] })
    if (accepted || changed.length === 0) return
    const names = changed.map((one) => shownShort(nameOfTool(one))).join(', ')
    output.note(`error[E-TRUST]: changed since they were accepted, and not called until they are accepted again: ${names}`)
    output.note(`fix: ${commandFor('tools', target, [], '--accept')}, if you trust the change`)
    process.exitCode = exitCodes.untrusted
  })

interface Shown {
  readonly wanted: string | undefined
  readonly calls: readonly (string | undefined)[]
  readonly revision: string
}

function show({ name, output }: Server, some: readonly InspectedTool[], { wanted, calls, revision }: Shown): void {
  const called = shownLine(calls.filter((text) => text !== undefined).join(' '))
  output.note(`${name}${called === '' ? '' : ` calls itself ${called},`} speaks MCP ${shownShort(revision)}`)
  if (some.length === 0) output.note(`${name} has no tools for you.`)
  if (wanted === undefined)
    for (const row of table(
      some.map((one) => toolRow(one, output)),
      process.stdout.columns,
    ))
      output.line(row)
  else for (const one of some) for (const line of toolLines(one, output)) process.stdout.write(`${line}\n`)
  if (wanted !== undefined) return
  for (const one of some) {
    const lines = noticed(one)
    if (lines.length > 0) process.stdout.write(`${['', output.paint('bold', shownShort(nameOfTool(one))), ...lines].join('\n')}\n`)
  }
}

/** Without a terminal, the option is the word of whoever typed it. */
async function accept({ client, output, asker, request }: Server, changed: readonly InspectedTool[]): Promise<boolean> {
  const names = changed.map(nameOfTool)
  const shown = names.map(shownShort).join(', ')
  if (output.json) for (const line of changed.flatMap(noticed)) for (const each of line.split('\n')) output.note(each)
  if (asker !== undefined && !(await asker.confirm(`Accept what is said of ${shown} now?`))) return false
  await request('accepting', () => client.acceptDefinitions(names))
  output.line(`${output.paint('green', '✓')} accepted: ${shown}`)
  return true
}
