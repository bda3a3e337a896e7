/** The two tools by which callers send code: one that runs it, one that tells what it may call. Definitions, and how arguments are checked. @module */

import { type Call, type Conclusion, type Entry, type JsonObject, OWN_ORIGIN, once } from '../../core/index.ts'
import { compileCheck } from '../../schema/index.ts'
import type { CodeSettings } from './options.ts'

/** 64 KiB of ASCII. */
const MAX_CODE = 65_536
const MAX_QUERY = 1_000
export const FUNCTIONS = 'code_functions'

const codeSchema = {
  type: 'object',
  properties: {
    code: { type: 'string', minLength: 1, maxLength: MAX_CODE, description: 'The body of an async function: `return` what to answer.' },
  },
  required: ['code'],
  additionalProperties: false,
}
const functionsSchema = {
  type: 'object',
  properties: {
    query: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_QUERY,
      description: 'What the functions should do, in a few words. Without: all of them.',
    },
  },
  additionalProperties: false,
}
const resultSchema = {
  type: 'object',
  properties: {
    result: { description: 'What the code returned, as JSON.' },
    logs: { type: 'array', items: { type: 'string' }, description: 'What it said by console.log.' },
    calls: { type: 'integer', description: 'How many tools it called.' },
  },
  required: ['calls'],
}

type Execute = (call: Call) => Conclusion

export function createCodeEntries({ name, tools, permitted, limits }: CodeSettings, run: Execute, declare: Execute): readonly Entry[] {
  const { permission, condition, rule } = permitted
  const seconds = Math.ceil(limits.timeoutMs / 1000)
  const bounds = `At most ${seconds} seconds, ${limits.memoryMb} MB and 64 KiB of code.`
  const calling =
    tools.length === 0
      ? 'It can call nothing: it is for computing.'
      : `It can call tools: \`await tools.NAME({ … })\`, several at once by Promise.all, ${limits.maxCalls} at most; a call that fails throws. ${FUNCTIONS} tells which there are, with their types. Use it where several tools, or much data, lead to a small answer: what the code does not return stays there.`
  const common = { permission, condition, rule: `code: ${rule}`.slice(0, 256) }
  const runCode = entry(
    {
      name,
      title: 'Run code',
      description: `Runs JavaScript, the body of an async function, and answers what it returns (JSON) and says by console.log. No network, no files, no timers, no imports; nothing is kept between two runs. ${calling} ${bounds}`,
      inputSchema: codeSchema,
      outputSchema: resultSchema,
      annotations: tools.length === 0 ? { readOnlyHint: true, openWorldHint: false } : { readOnlyHint: false, destructiveHint: true },
    },
    { ...common, limits: { deadlineSeconds: seconds + QUEUE_SECONDS } },
    run,
  )
  const functions = entry(
    {
      name: FUNCTIONS,
      title: 'Functions for code',
      description: `Tells which tools code may call that is sent to ${name}, as TypeScript: of those that you may use yourself.`,
      inputSchema: functionsSchema,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    // A rule on the code has nothing to say of a query.
    { ...common, condition: undefined },
    declare,
  )
  return tools.length === 0 ? [runCode] : [runCode, functions]
}

/** What a snippet may wait for its turn. */
const QUEUE_SECONDS = 30

function entry(
  definition: JsonObject & { readonly name: string; readonly inputSchema: JsonObject },
  of: Pick<Entry, 'permission' | 'condition' | 'rule' | 'limits'>,
  execute: Execute,
): Entry {
  const compiled = once(() => compileCheck(definition.inputSchema, 'noted'))
  return {
    kind: 'tool',
    name: definition.name,
    definition: Object.freeze(definition),
    ...of,
    ask: false,
    check(args) {
      const made = compiled()
      if ('problem' in made) throw new TypeError(made.problem)
      return made.check(args)
    },
    mirrors: [],
    origin: { server: OWN_ORIGIN, name: definition.name },
    executor: { execute },
  }
}
