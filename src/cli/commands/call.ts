/**
 * `sallyport call URL TOOL [name=value…]`: calls one tool and shows what comes back. The arguments are checked against the tool's own
 * schema before anything is sent. A tool that does not say of itself that it only reads is called once a person has agreed to the whole
 * of it, or with `--yes`: the hint is the server's word, and what it saves is a question about what was just typed.
 *
 * @module
 */

import type { InspectedTool } from '../../client/index.ts'
import type { JsonObject } from '../../core/index.ts'
import { canonicalJson, isObject } from '../../protocol/index.ts'
import { checkArguments } from '../calling/check-arguments.ts'
import { fileReferences, withFiles } from '../calling/file-references.ts'
import { readGiven } from '../calling/given-secrets.ts'
import { quotedWhole } from '../calling/quoted.ts'
import { type Block, createSaving, shownBlocks } from '../calling/results.ts'
import type { ServerFlags } from '../calling/server-flags.ts'
import { commandFor } from '../calling/server-target.ts'
import { shownText } from '../calling/shown-text.ts'
import { ENCRYPTED, encryptedFields, nameOfTool, noSuchTool, noticed } from '../calling/tool-lines.ts'
import { parseArguments, parseObject } from '../calling/typed-arguments.ts'
import { type Server, withServer } from '../calling/with-server.ts'
import { exitCodes } from '../codes.ts'
import { CliError } from '../errors.ts'
import { shown, shownShort } from '../shown.ts'

export interface CallFlags extends ServerFlags {
  readonly args?: string
  readonly argsFile?: string
  readonly yes?: boolean
  readonly out?: string
}

export const call = (words: readonly string[], argv: readonly string[], flags: CallFlags): Promise<void> =>
  withServer('call', words, argv, flags, async (server) => {
    const { client, target, output, rest, name, request } = server
    const [toolName, ...pairs] = rest
    if (toolName === undefined) throw new CliError('E-USAGE', 'no tool is named', `see what there is: ${commandFor('tools', target)}`)
    const tools = await request(`asking ${name} for its tools`, ({ signal }) => client.inspectTools({ signal }))
    const inspected = tools.find((one) => nameOfTool(one) === toolName)
    if (inspected === undefined) throw noSuchTool(toolName, tools, server)
    const schema = objectOf(inspected.tool['inputSchema'])
    const see = commandFor('tools', target, [toolName])
    const args = argumentsFrom(pairs, flags, schema, see)
    const files = flags.args === undefined && flags.argsFile === undefined ? fileReferences(pairs, schema) : []
    const unchecked = checkArguments(args, schema, see)
    if (unchecked !== undefined) output.note(`! the arguments were not checked here: its schema is ${shown(unchecked)}`)
    for (const line of noticed({ ...inspected, drift: undefined })) output.note(line)
    const encrypted = encryptedFields(inspected, args)
    if (encrypted.length > 0) output.note(`${ENCRYPTED} goes encrypted: ${encrypted.map(shownShort).join(', ')}`)
    for (const { argument, file, bytes } of files)
      output.note(`${shownShort(argument)}: ${shownShort(file)} (${bytes} bytes) is put at ${name} for the time of the call`)
    // What has changed is not called, and the client says so.
    const isAsked = inspected.drift === undefined && (inspected.hints.readOnly !== true || inspected.findings.length > 0)
    if (flags.yes !== true && isAsked) await agree(server, inspected, args)

    const result = await withFiles(server, files, args, (sent) =>
      request(`calling ${shownShort(toolName)}`, (options) => client.callTool(toolName, sent, options)),
    )
    const saving = flags.out === undefined ? undefined : createSaving(flags.out, toolName)
    const blocks = shownBlocks(withoutRepetition(result.content as Block[], result.structuredContent), saving)
    output.object(saving === undefined ? result : { ...result, saved: saving.files })
    if (!output.json) for (const block of blocks) process.stdout.write(`${block}\n`)
    if (!output.json && result.structuredContent !== undefined && !isOnlyText(result.structuredContent, result.content as Block[]))
      process.stdout.write(`${shownText(JSON.stringify(result.structuredContent, null, 2))}\n`)
    if (result.isError !== true) return
    output.note(`error[E-TOOL]: ${shownShort(toolName)} says that it failed`)
    output.note('fix: see what it says above')
    process.exitCode = exitCodes.toolFailed
  })

function argumentsFrom(pairs: readonly string[], { args, argsFile }: CallFlags, schema: JsonObject, see: string): JsonObject {
  if ([pairs.length > 0, args !== undefined, argsFile !== undefined].filter(Boolean).length > 1)
    throw new CliError('E-USAGE', 'the arguments are given in several ways', 'give them as name=value, or with --args, or with --args-file')
  if (args !== undefined) return parseObject(args, '--args')
  if (argsFile !== undefined) return parseObject(readGiven('--args-file', argsFile), '--args-file')
  return parseArguments(pairs, schema, see)
}

/** @throws {CliError} E-DECLINED */
async function agree({ asker, name }: Server, inspected: InspectedTool, args: JsonObject): Promise<void> {
  const tool = nameOfTool(inspected)
  const why = inspected.hints.readOnly === true ? 'has what poisoned tools have' : 'does not say of itself that it only reads'
  const what = `${shownShort(tool)} ${why}`
  if (asker === undefined)
    throw new CliError('E-DECLINED', `${what}, and nobody is here to agree`, 'say so with --yes, or run it at a terminal')
  // Canonical, so that the same arguments always look the same; whole, so that nothing is out of sight.
  asker.show(`${what}. It would be called with:\n${quotedWhole(JSON.stringify(JSON.parse(canonicalJson(args)), null, 2))}`)
  if (!(await asker.confirm(`Call ${shownShort(tool)} at ${name}?`)))
    throw new CliError('E-DECLINED', `${shownShort(tool)} was not called`, 'run it again, and agree')
}

/** Servers send structured content as text too, for clients that do not know it (2026-07-28 server tools §structured content). */
function withoutRepetition(blocks: readonly Block[], structured: unknown): readonly Block[] {
  if (structured === undefined) return blocks
  const same = canonicalJson(structured)
  return blocks.filter(({ type, text }) => type !== 'text' || typeof text !== 'string' || canonicalOf(text) !== same)
}

/** One member that is the text again: of tools whose result is a text. */
function isOnlyText(structured: unknown, blocks: readonly Block[]): boolean {
  const values = isObject(structured) ? Object.values(structured) : []
  return values.length === 1 && blocks.length === 1 && typeof values[0] === 'string' && blocks[0]?.text === values[0]
}

function canonicalOf(text: string): string | undefined {
  try {
    return canonicalJson(JSON.parse(text))
  } catch {
    return undefined
  }
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})
