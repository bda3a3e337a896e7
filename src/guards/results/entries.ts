/**
 * Stored results as entries of the catalogue: a resource template, and where it is wanted a tool for hosts that do not read resources.
 * Both go through the whole pipeline like anything else. Public: whose a result is, its record says.
 *
 * Fails closed: what is somebody else's, has ended or never was is answered alike.
 *
 * @module
 */

import {
  allow,
  BYTES_A_TOKEN,
  type Call,
  type Decision,
  deny,
  type Entry,
  type JsonObject,
  OWN_ORIGIN,
  type Produced,
} from '../../core/index.ts'
import { compileCheck } from '../../schema/index.ts'
import type { Budgets } from './budgets.ts'
import { type Piece, RANGE, rangeOf, readPiece, search } from './read-range.ts'
import { type ResultUris, toWanted, type Wanted } from './result-uri.ts'
import type { FoundResult, StoredResults } from './stored-results.ts'

export interface ResultEntriesOptions {
  readonly uris: ResultUris
  readonly stored: Pick<StoredResults, 'find'>
  readonly budgets: Budgets
  /** Whether there is the tool, too. */
  readonly tool: boolean
}

export const READ_RESULT = 'read_result'
/** What stands around a piece in its answer. */
const ENVELOPE_BYTES = 1_024

type Answer =
  | { readonly found: FoundResult; readonly piece: Piece }
  | { readonly found: FoundResult; readonly matches: NonNullable<Awaited<ReturnType<typeof search>>> }

export function createResultEntries({ uris, stored, budgets, tool }: ResultEntriesOptions): readonly Entry[] {
  async function look(id: string, wanted: Wanted, call: Call): Promise<Answer | undefined> {
    const found = await stored.find(id, call.principal)
    if (!found) return undefined
    const { bytes, tokens } = budgets.of(call.entry, call.principal)
    const most = Math.max(ENVELOPE_BYTES, Math.min(bytes, tokens * BYTES_A_TOKEN) - ENVELOPE_BYTES)
    if (wanted.search === undefined) {
      const piece = await readPiece(found, wanted, most)
      return piece && { found, piece }
    }
    const matches = found.isText ? await search(found, wanted.search, wanted.after, call.signal) : { matches: [], next: undefined }
    return matches && { found, matches }
  }

  async function read(call: Call): Promise<Decision<Produced>> {
    if (call.method === 'completion/complete') return allow({ kind: 'result', result: { completion: { values: [] } } })
    const uri = call.params['uri'] as string
    const asked = uris.parse(uri)
    if (typeof asked === 'string') return deny({ reason: 'invalid_params', problem: `params.uri: ${asked}.` })
    const answer = asked && (await look(asked.id, asked.wanted, call))
    return answer
      ? allow({ kind: 'result', result: { contents: [toContent(uri, answer)] } })
      : deny({ reason: 'unknown_name', kind: 'resource' })
  }

  async function readByTool(call: Call): Promise<Decision<Produced>> {
    const { result, ...range } = call.args as JsonObject
    const wanted = toWanted(range)
    if (typeof wanted === 'string') return deny({ reason: 'invalid_params', problem: `params.arguments: ${wanted}.` })
    const asked = uris.parse(uris.isOurs(result as string) ? (result as string).replace(/\?.*$/s, '') : uris.toUri(result as string))
    const answer = asked && typeof asked !== 'string' ? await look(asked.id, wanted, call) : undefined
    return allow({ kind: 'result', result: answer ? { content: toBlocks(answer) } : { content: say(GONE), isError: true } })
  }

  const common = { permission: { access: 'public' }, ask: false, rule: 'results', mirrors: [] } as const
  const template: Entry = {
    ...common,
    kind: 'template',
    name: uris.template,
    definition: {
      name: 'stored-result',
      title: 'Results that were too large to send',
      description:
        'A result of a tool that was larger than may be sent, for whoever called the tool and for a while. offset and length count bytes; search finds exactly these characters, behind the byte that after says.',
      uriTemplate: uris.template,
    },
    check: undefined,
    matches: uris.isOurs,
    origin: { server: OWN_ORIGIN, name: uris.template },
    executor: { execute: read },
  }
  if (!tool) return [template]
  const compiled = compileCheck(inputSchema, 'checked')
  if ('problem' in compiled) throw new TypeError(compiled.problem)
  return [
    template,
    {
      ...common,
      kind: 'tool',
      name: READ_RESULT,
      definition: {
        name: READ_RESULT,
        title: 'Read on in a result',
        description: 'Reads on in a result that was too large to send, or finds words in it.',
        inputSchema,
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      check: compiled.check,
      origin: { server: OWN_ORIGIN, name: READ_RESULT },
      executor: { execute: readByTool },
    },
  ]
}

const inputSchema = {
  type: 'object',
  properties: {
    result: { type: 'string', minLength: 1, maxLength: 256, description: 'Its sallyport:// link, or the id at the end of that.' },
    offset: { type: 'integer', minimum: 0, description: 'The byte to read on from.' },
    length: { type: 'integer', minimum: 1, description: 'How many bytes.' },
    search: { type: 'string', minLength: 1, maxLength: 256, description: 'Exactly these characters, in place of reading on.' },
    after: { type: 'integer', minimum: 0, description: 'Search behind this byte.' },
  },
  required: ['result'],
  additionalProperties: false,
}

const GONE = 'There is no such result, or it is not kept any more: call the tool again.'
const say = (text: string): JsonObject[] => [{ type: 'text', text }]

function toContent(uri: string, answer: Answer): JsonObject {
  const { found } = answer
  if ('matches' in answer) return { uri, mimeType: 'application/json', text: JSON.stringify({ total: found.bytes, ...answer.matches }) }
  const { data, length } = answer.piece
  // A piece of JSON is none.
  const mimeType = found.isText && length < found.bytes ? 'text/plain' : found.mimeType
  return { uri, mimeType, ...data, _meta: { [RANGE]: rangeOf(answer.piece, found.bytes) } }
}

function toBlocks(answer: Answer): JsonObject[] {
  const { found } = answer
  if ('matches' in answer) return say(JSON.stringify({ total: found.bytes, ...answer.matches }))
  const { piece } = answer
  const range = JSON.stringify(rangeOf(piece, found.bytes))
  if ('text' in piece.data) return [...say(piece.data.text), ...say(range)]
  const isWhole = piece.length === found.bytes
  const kind = /^(image|audio)\//.exec(found.mimeType)?.[1]
  return isWhole && kind
    ? [{ type: kind, data: piece.data.blob, mimeType: found.mimeType }]
    : [...say(`Bytes of ${found.mimeType}, in base64: ${piece.data.blob}`), ...say(range)]
}
