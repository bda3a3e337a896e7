/**
 * A tool as a person sees it: what it says of itself, marked as its own word, and what was noticed about it, in ours. Pure.
 *
 * @module
 */

import { encryptedIn, type InspectedTool, type ToolHints } from '../../client/index.ts'
import { type JsonObject, keyOfToken, nearest } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { CliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { shownShort } from '../shown.ts'
import { quotedWhole } from './quoted.ts'
import { commandFor, type ServerTarget } from './server-target.ts'
import { shownLine } from './shown-text.ts'

/** Of one tool. */
const MAX_FINDINGS = 8

/** Before what only the server and the caller can read. */
export const ENCRYPTED = '🔒'

export const nameOfTool = ({ tool }: InspectedTool): string => String(tool['name'])

export function noSuchTool(
  wanted: string,
  all: readonly InspectedTool[],
  { name, target }: { name: string; target: ServerTarget },
): CliError {
  const meant = nearest(wanted, all.map(nameOfTool))
  const guess = meant === undefined ? '' : ` (did you mean ${shownShort(meant)}?)`
  return new CliError(
    'E-NOT-FOUND',
    `${name} has no tool ${shownShort(wanted)} for you${guess}`,
    // Where a list is too large to send, two tools stand for the rest of it (docs/context.md).
    ['find_tools', 'call_tool'].every((each) => all.some((one) => nameOfTool(one) === each))
      ? `it lists some of its tools only: ${commandFor('call', target, ['find_tools', 'query=WORDS'])} finds others, and call_tool calls them: name=NAME 'arguments:={…}'`
      : `see what there is: ${commandFor('tools', target)}`,
  )
}

/** A row of the list. */
export const toolRow = (inspected: InspectedTool, { paint }: Output): string[] => [
  markOf(inspected, paint),
  paint('bold', shownShort(nameOfTool(inspected))),
  [isEncrypted(inspected) ? ENCRYPTED : '', paint('dim', hintWords(inspected.hints))].filter(Boolean).join(' '),
  shownLine(textOf(inspected.tool['description']) ?? textOf(inspected.tool['title']) ?? ''),
]

function markOf({ drift, findings }: InspectedTool, paint: Output['paint']): string {
  if (drift) return paint('red', '✗')
  return findings.length > 0 ? paint('yellow', '!') : ''
}

/** As the server says. Without a word of it, a tool may do anything (2026-07-28 schema ToolAnnotations). */
function hintWords({ readOnly, destructive, idempotent, openWorld }: ToolHints): string {
  const words =
    readOnly === true
      ? ['reads']
      : [destructive === false && 'adds', destructive === true && 'destroys', idempotent === true && 'repeatable']
  const said = [...words, openWorld === false && 'here only'].filter(Boolean)
  return said.length > 0 ? `says: ${said.join(', ')}` : ''
}

/** All of one: name, texts, schemas, and what was noticed. */
export function toolLines(inspected: InspectedTool, { paint }: Output): string[] {
  const { tool, hints } = inspected
  const [title, description] = [textOf(tool['title']), textOf(tool['description'])]
  return [
    `${paint('bold', shownShort(nameOfTool(inspected)))}  ${paint('dim', hintWords(hints))}`.trimEnd(),
    ...(title === undefined ? [] : [`  ${shownLine(title)}`]),
    ...(description === undefined ? [] : [quotedWhole(description)]),
    ...(['inputSchema', 'outputSchema'] as const).flatMap((member) =>
      tool[member] === undefined ? [] : [paint('dim', member === 'inputSchema' ? 'arguments' : 'result'), quotedJson(tool[member])],
    ),
    ...encryptedLines(inspected),
    ...noticed(inspected),
  ]
}

function encryptedLines({ tool }: InspectedTool): string[] {
  const fields = encryptedIn(tool)
  const said = (what: string, pointers: readonly string[]): string[] =>
    pointers.length > 0 ? [`${ENCRYPTED} ${what}: ${pointers.map(shownShort).join(', ')}`] : []
  return [...said('goes encrypted', fields.arguments), ...said('comes encrypted', fields.result)]
}

const isEncrypted = (inspected: InspectedTool): boolean => encryptedLines(inspected).length > 0

/** Those of the arguments that nobody in between can read. */
export const encryptedFields = ({ tool }: InspectedTool, args: JsonObject): readonly string[] =>
  encryptedIn(tool).arguments.filter((pointer) => isAt({ arguments: args }, pointer))

function isAt(value: unknown, pointer: string): boolean {
  let found: unknown = value
  for (const part of pointer.split('/').slice(1)) {
    const key = keyOfToken(part)
    if (!isObject(found) || !Object.hasOwn(found, key)) return false
    found = found[key]
  }
  return found !== undefined
}

/** What changed, with the old and the new, and what a detector found; empty where nothing was. */
export function noticed({ drift, findings }: InspectedTool): string[] {
  const changes = (drift?.members ?? []).flatMap(({ at, how, diff }) => [`  ${at || '/'} ${how}:`, quotedWhole(diff)])
  return [
    ...(drift ? [`✗ is another than was accepted on ${shownShort(drift.seen.slice(0, 10))}`, ...changes] : []),
    ...(drift && changes.length === 0 ? ['  what it said then was not kept'] : []),
    ...findings.slice(0, MAX_FINDINGS).map(({ at, why }) => `! ${at || '/'}: ${why}`),
    ...(findings.length > MAX_FINDINGS ? [`! … and ${findings.length - MAX_FINDINGS} more: --json has them`] : []),
  ]
}

const quotedJson = (value: unknown): string => quotedWhole(JSON.stringify(value as JsonObject, null, 2))
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
