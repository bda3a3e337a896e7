/**
 * The two tools that stand for a catalogue which is too large to be read: `find_tools` searches what its caller may use, `call_tool` calls
 * what was found. Whoever calls one of the tools by its own name needs neither.
 *
 *   read → [toCalledTool] → limit → authorize → validate → approve → execute → release
 *
 * `call_tool` is no way around anything: before anybody judges the message it becomes the call that it stands for. One that stands for none
 * (no name, itself, a further member) stays what it is, and `validate` refuses it.
 *
 * @module
 */

import {
  type Call,
  type Conclusion,
  type Decision,
  deny,
  type Entry,
  type JsonObject,
  type Message,
  NOTHING,
  OWN_ORIGIN,
  once,
  type Produced,
} from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { compileCheck } from '../../schema/index.ts'

export interface SearchTools {
  readonly find: Entry
  readonly call: Entry
  /** What a message means: of a `call_tool` the call that it stands for, of every other the message itself. */
  toCalledTool(message: Message): Message
}

export interface Question {
  readonly query: string
  readonly limit?: number
}

const MAX_QUERY = 1_000
const MAX_FOUND = 20
export const USUALLY_FOUND = 5

const findSchema = {
  type: 'object',
  properties: {
    query: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_QUERY,
      description: 'What the tool should do, in a few words, or its exact name.',
    },
    limit: { type: 'integer', minimum: 1, maximum: MAX_FOUND, default: USUALLY_FOUND, description: 'How many tools to answer at most.' },
  },
  required: ['query'],
  additionalProperties: false,
}
const callSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, description: 'The name of the tool.' },
    arguments: { type: 'object', description: 'What the tool takes: as its input schema says.' },
  },
  required: ['name'],
  additionalProperties: false,
}

const checkOf = (schema: JsonObject): Entry['check'] => {
  const compiled = once(() => compileCheck(schema, 'noted'))
  return (args) => {
    const made = compiled()
    if ('problem' in made) throw new TypeError(made.problem)
    return made.check(args)
  }
}
const checkFind = checkOf(findSchema)
const checkCall = checkOf(callSchema)

/** `taken`: names that others have. Nobody is put in the shade: ours are the ones that get another name. */
export function createSearchTools(
  taken: ReadonlyMap<string, unknown>,
  search: (call: Call, question: Question) => Conclusion,
): SearchTools {
  const free = (name: string): string => (taken.has(name) ? free(`sallyport_${name}`) : name)
  const findName = free('find_tools')
  const callName = free('call_tool')
  const find = entry(
    {
      name: findName,
      title: 'Find tools',
      description:
        'Searches the tools of this server that you may use, and answers their whole definitions: name, description and input schema. The list of tools may leave tools out, and cut long descriptions short.',
      inputSchema: findSchema,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    checkFind,
    (call) => search(call, call.args as unknown as Question),
  )
  const plainCall = entry(
    {
      name: callName,
      title: 'Call a tool',
      description: `Calls a tool that ${findName} has found. It needs what the tool itself needs, and counts as a call of it.`,
      inputSchema: callSchema,
    },
    checkCall,
    // Each that can be executed was another message before.
    () => deny({ reason: 'unknown_name', kind: 'tool' }),
  )
  const call: Entry = {
    ...plainCall,
    check: (args) =>
      plainCall.check?.(args) ??
      (isObject(args) && args['name'] === callName ? { path: 'arguments.name', rule: 'must be the name of another tool' } : undefined),
  }
  return {
    find,
    call,
    toCalledTool(message) {
      if (message.method !== 'tools/call' || message.params['name'] !== callName) return message
      const { arguments: outer } = message.params
      if (!isObject(outer) || call.check?.(outer)) return message
      const params = { ...message.params, name: outer['name'], arguments: outer['arguments'] ?? NOTHING }
      return { ...message, params, through: callName }
    },
  }
}

function entry(
  definition: JsonObject & { readonly name: string },
  check: Entry['check'],
  execute: (call: Call) => Decision<Produced> | Conclusion,
): Entry {
  const { name } = definition
  return {
    kind: 'tool',
    name,
    definition: Object.freeze(definition),
    permission: { access: 'public' },
    ask: false,
    rule: 'catalogue.search',
    check,
    mirrors: [],
    origin: { server: OWN_ORIGIN, name },
    executor: { execute },
  }
}
