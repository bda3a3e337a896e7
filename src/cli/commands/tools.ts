/**
 * `sallyport tools URL [NAME]`: what a server offers, as it describes it. Descriptions and hints are the server's own words: they are
 * shown as such, on one line and without anything hidden, and nothing is decided by them.
 *
 * @module
 */

import type { Tool } from '@modelcontextprotocol/client'
import { quotedWhole } from '../calling/quoted.ts'
import type { ServerFlags } from '../calling/server-flags.ts'
import { commandFor } from '../calling/server-target.ts'
import { shownLine } from '../calling/shown-text.ts'
import { withServer } from '../calling/with-server.ts'
import { CliError } from '../errors.ts'
import { type Output, table } from '../output.ts'
import { shownShort } from '../shown.ts'

export const tools = (words: readonly string[], argv: readonly string[], flags: ServerFlags): Promise<void> =>
  withServer('tools', words, argv, flags, async ({ client, target, output, rest, name, request }) => {
    const [wanted, ...more] = rest
    if (more.length > 0) throw new CliError('E-USAGE', 'only one tool can be named', 'leave the others out, or all: then all are listed')
    const offered = await request(`asking ${name} for its tools`, (options) => client.listTools(options))
    const tool = offered.find((one) => one.name === wanted)
    if (wanted !== undefined && tool === undefined)
      throw new CliError(
        'E-NOT-FOUND',
        `${name} has no tool ${shownShort(wanted)} for you`,
        `see what there is: ${commandFor('tools', target)}`,
      )
    output.object(tool ?? { tools: offered })
    if (tool !== undefined) return show(tool, output)
    if (offered.length === 0) output.note(`${name} has no tools for you.`)
    for (const row of table(offered.map((one) => toRow(one, output)))) output.line(row)
  })

const toRow = (tool: Tool, { paint }: Output): string[] => [
  paint('bold', shownShort(tool.name)),
  paint('dim', hintsOf(tool)),
  shownLine(tool.description ?? tool.title ?? ''),
]

/** As the server says of itself. Without a word of it, a tool may do anything (2026-07-28 schema ToolAnnotations). */
function hintsOf({ annotations = {} }: Tool): string {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations
  if (readOnlyHint === true) return openWorldHint === false ? 'says: reads, here only' : 'says: reads'
  const hints = [destructiveHint === false ? 'adds' : destructiveHint === true && 'destroys', idempotentHint === true && 'repeatable']
  return hints.some(Boolean) ? `says: ${hints.filter(Boolean).join(', ')}` : ''
}

function show(tool: Tool, { line, paint }: Output): void {
  const write = (text: string): void => void process.stdout.write(`${text}\n`)
  line(`${paint('bold', shownShort(tool.name))}  ${paint('dim', hintsOf(tool))}`)
  if (tool.title !== undefined) line(`  ${shownLine(tool.title)}`)
  if (tool.description !== undefined) write(quotedWhole(tool.description))
  for (const [label, schema] of [
    ['arguments', tool.inputSchema],
    ['result', tool.outputSchema],
  ] as const) {
    if (schema === undefined) continue
    line(paint('dim', label))
    write(quotedWhole(JSON.stringify(schema, null, 2)))
  }
}
