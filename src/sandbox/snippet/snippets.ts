/**
 * Snippets, from outside: a job for a child of the pool, whose calls of tools are answered while it runs.
 *
 *   code ─▶ [pool: a child of this owner's ─ QuickJS] ─ call, answer, … ─▶ a value, what it threw, or why it was ended
 *
 * Fails closed: of what comes out nothing is believed but that it is JSON within bounds, and every bound on calls is kept here: a
 * snippet that has broken out of its interpreter can say no more than one that has not.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isObject, parseJson } from '../../protocol/index.ts'
import type { Job, JobEnd, Pool } from '../pool/pool.ts'
import type { SnippetLimits } from './limits.ts'

export interface Snippet {
  readonly owner: string
  readonly code: string
  /** What it is told of by name. Whether it may call them is decided at each call. */
  readonly tools: readonly string[]
  readonly call: (tool: string, args: JsonObject) => Promise<Answered>
  readonly onAbort: Job['onAbort']
}

/** What a tool has answered: JSON, or why there is none. */
export type Answered = { readonly text: string } | { readonly error: string }

export interface SnippetError {
  readonly name: string
  readonly message: string
  readonly line: number | undefined
  readonly stack: string | undefined
}

export type SnippetEnd =
  | { readonly kind: 'returned'; readonly value: unknown; readonly logs: readonly string[]; readonly calls: number }
  | { readonly kind: 'threw'; readonly error: SnippetError; readonly logs: readonly string[]; readonly calls: number }
  | Exclude<JobEnd, { readonly kind: 'done' | 'failed' }>

const MAX_DEPTH = 64
const MAX_ITEMS = 1_000_000
const MAX_LOGS = 256
const MAX_TEXT = 16_384

export function createSnippets(pool: Pick<Pool, 'run'>, limits: SnippetLimits): (snippet: Snippet) => Promise<SnippetEnd> {
  const { timeoutMs, runSeconds, resultBytes, logCharacters } = limits

  return async function runSnippet(snippet) {
    const { owner, code, tools, onAbort } = snippet
    const calls = createCalls(snippet.call, limits)
    const end = await pool.run({
      owner,
      message: {
        code,
        tools: JSON.stringify(tools),
        timeMs: timeoutMs,
        runMs: runSeconds * 1000,
        resultCharacters: resultBytes,
        logCharacters,
      },
      said: calls.said,
      onAbort,
    })
    calls.close()
    switch (end.kind) {
      case 'done':
        return toEnd(end.value, calls.made)
      case 'failed':
        // Only what is ours can fail there: a snippet that throws has ended.
        throw Object.assign(new Error(end.error.message), { name: end.error.name })
      default:
        return end
    }
  }
}

/** The calls of one snippet: so many, and so many at once. Those beyond wait. */
function createCalls(call: Snippet['call'], { maxCalls, maxConcurrentCalls }: SnippetLimits) {
  let made = 0
  let running = 0
  let isClosed = false
  const waiting: (() => void)[] = []

  async function answer(tool: string, args: JsonObject, tell: (answered: Answered) => Promise<void>): Promise<void> {
    if (running >= maxConcurrentCalls) await new Promise<void>((go) => waiting.push(go))
    if (isClosed) return
    running++
    try {
      // In its place until it is on its way: a snippet that reads nothing must not have us keep what all its calls come to.
      await tell(await call(tool, args))
    } catch {
      // Ours to know, in the record of that call.
      await tell({ error: `The tool ${tool.slice(0, 128)} failed. Its operator can look up why.` })
    } finally {
      running--
      waiting.shift()?.()
    }
  }

  const said: NonNullable<Job['said']> = ({ call: id, name, args }, reply) => {
    const tell = (answered: Answered): Promise<void> => reply({ call: id, ...answered })
    if (typeof id !== 'number' || typeof name !== 'string' || typeof args !== 'string') return
    if (made >= maxCalls) return void tell({ error: `This snippet has made the ${maxCalls} calls that it may make.` })
    made++
    const read = parseJson(Buffer.from(args), { maxDepth: MAX_DEPTH, maxItems: MAX_ITEMS })
    if (!read.allowed || !isObject(read.value)) return void tell({ error: `The arguments of ${name.slice(0, 128)} cannot be used.` })
    void answer(name, read.value, tell)
  }

  return {
    said,
    get made() {
      return made
    },
    /** Nobody hears what is not answered yet. */
    close() {
      isClosed = true
      for (const go of waiting.splice(0)) go()
    },
  }
}

const nothing: SnippetEnd = { kind: 'stopped', why: 'crash' }

function toEnd(value: unknown, calls: number): SnippetEnd {
  if (!isObject(value)) return nothing
  const { result, error, stopped, logs: said } = value
  const logs = Array.isArray(said)
    ? said.slice(0, MAX_LOGS).flatMap((line) => (typeof line === 'string' ? [line.slice(0, MAX_TEXT)] : []))
    : []
  if (stopped === 'time' || stopped === 'cpu' || stopped === 'memory') return { kind: 'stopped', why: stopped }
  if (isObject(error)) return { kind: 'threw', error: toError(error), logs, calls }
  const read = typeof result === 'string' ? parseJson(Buffer.from(result), { maxDepth: MAX_DEPTH, maxItems: MAX_ITEMS }) : undefined
  if (!read) return nothing
  if (read.allowed) return { kind: 'returned', value: read.value, logs, calls }
  const problem = read.denial.reason === 'malformed_json' ? read.denial.problem : ''
  const refused = {
    name: 'RangeError',
    message: `What it returns cannot be answered. ${problem}`.trim(),
    line: undefined,
    stack: undefined,
  }
  return { kind: 'threw', error: refused, logs, calls }
}

function toError({ name, message, line, stack }: JsonObject): SnippetError {
  const text = (given: unknown): string | undefined => (typeof given === 'string' ? given.slice(0, MAX_TEXT) : undefined)
  return {
    name: text(name)?.slice(0, 128) ?? 'Error',
    message: text(message) ?? '',
    line: typeof line === 'number' ? line : undefined,
    stack: text(stack),
  }
}
