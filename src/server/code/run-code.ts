/**
 * Runs the code that a caller sent, and makes of its end what they are told. A mistake of the code is an answer, so that whoever wrote it
 * can mend it; what was ended from outside is a refusal.
 *
 *   Call ─▶ snippet ─ tools.x(…) ─▶ callWithin ─▶ the whole pipeline ─▶ … ─▶ { result, logs, calls }
 *
 * @module
 */

import { allow, type Call, type Decision, deny, type Final, type JsonObject, principalKey, type SandboxEnd } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Answered, Snippet, SnippetEnd, SnippetError, SnippetLimits } from '../../sandbox/index.ts'
import type { CalledWithin, CallWithin } from '../calling-within.ts'
import type { Functions } from './functions.ts'

export interface RunCodeOptions {
  readonly run: (snippet: Snippet) => Promise<SnippetEnd>
  readonly functions: Pick<Functions, 'allows' | 'namesFor'>
  readonly callWithin: CallWithin
  readonly limits: SnippetLimits
}

export function createRunCode({ run, functions, callWithin, limits }: RunCodeOptions): (call: Call) => Promise<Decision<Final>> {
  return async function runCode(call) {
    const { code } = call.args as { readonly code: string }
    const { principal } = call
    const unwanted = new AbortController()
    const onCancel = (listener: () => void): void => {
      if (unwanted.signal.aborted) listener()
      else unwanted.signal.addEventListener('abort', listener, { once: true })
    }
    // First of all that hears of it: what gives back its place then must not make room for the next.
    call.onAbort(() => unwanted.abort())
    try {
      const end = await run({
        owner: principalKey(principal),
        code,
        tools: functions.namesFor(principal),
        call: async (tool, args) =>
          unwanted.signal.aborted
            ? { error: 'Nobody waits for it any more.' }
            : toAnswered(await callWithin(call, { tool, args, allows: functions.allows, onCancel })),
        onAbort: (listener) => call.onAbort(listener),
      })
      return toDecision(end, limits)
    } finally {
      // What it did not wait for is not waited for here either.
      unwanted.abort()
    }
  }
}

function toAnswered(called: CalledWithin): Answered {
  if ('error' in called) return called
  const { isError, structuredContent, content } = called.result
  const blocks = Array.isArray(content) ? content : []
  const texts = blocks.flatMap((block) => (isObject(block) && typeof block['text'] === 'string' ? [block['text']] : []))
  if (isError === true) return { error: texts.join('\n') || 'The tool failed.' }
  if (structuredContent !== undefined) return { text: JSON.stringify(structuredContent) }
  return { text: JSON.stringify(texts.length === 0 && blocks.length > 0 ? blocks : texts.join('\n\n')) }
}

function toDecision(end: SnippetEnd, limits: SnippetLimits): Decision<Final> {
  switch (end.kind) {
    case 'returned': {
      const { value, logs, calls } = end
      const structuredContent = { result: value, ...(logs.length > 0 ? { logs } : {}), calls }
      return allow({ kind: 'result', result: { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent } })
    }
    case 'threw':
      return allow({ kind: 'result', result: toErrorResult(end.error, end.logs) })
    case 'stopped':
      return deny({ reason: 'sandbox_stopped', why: end.why, sentence: `The code ${ends(limits)[end.why]}.` })
    case 'overloaded':
      return deny({ reason: 'overloaded', problem: 'Too much code waits to be run: try again later.' })
    case 'cancelled':
      return deny({ reason: 'cancelled' })
  }
}

/** For a model: what went wrong, where in its own text, and what it had said until then. */
function toErrorResult({ name, message, line, stack }: SnippetError, logs: readonly string[]): JsonObject {
  const where = line === undefined ? '' : ` (line ${line})`
  const parts = [`${name}: ${message}${where}`, ...(stack === undefined ? [] : [stack]), ...(logs.length > 0 ? ['', 'Logs:', ...logs] : [])]
  return { isError: true, content: [{ type: 'text', text: parts.join('\n') }] }
}

const ends = ({ timeoutMs, runSeconds, memoryMb }: SnippetLimits): Readonly<Record<SandboxEnd, string>> => ({
  time: `took longer than the ${timeoutMs} ms that it may take`,
  cpu: `ran for more than the ${runSeconds} s that it may run itself`,
  memory: `used more than the ${memoryMb} MiB that its values may take`,
  processes: 'was stopped: it had too many threads',
  output: 'was stopped: it said too much',
  disk: 'was stopped: it wrote too much',
  uncovered: 'was stopped: a file that is hidden from it was replaced',
  crash: 'ended before it answered',
})
