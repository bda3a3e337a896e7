/**
 * Lets the author of a server write how HTTP answers a request whose budget is spent (`rateLimit.handler`). The request is
 * refused and on record before this is asked: what the handler writes is shown, and decides nothing.
 *
 * A handler that throws, writes nothing, or takes too long leaves the standard answer standing, as does a flood of
 * refusals whose handlers have not ended.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Log } from '../../core/index.ts'
import type { LimitedRequest, LimitHandler } from '../../guards/index.ts'
import type { Answer } from '../../pipeline/index.ts'
import { DraftAnswer } from './draft-answer.ts'

/** `answer` is the standard one; `address` the caller's. */
export type LimitAnswer = (request: IncomingMessage, address: string, answer: Answer) => Answer | Promise<Answer>

export interface LimitAnswerOptions {
  readonly handler: LimitHandler
  readonly log: Log
  readonly patienceMs?: number
}

/** Asynchronous handlers that may be at work at once: a flood must not keep more than that. */
const MAX_PENDING = 64

export function createLimitAnswer({ handler, log, patienceMs = 1_000 }: LimitAnswerOptions): LimitAnswer {
  let pending = 0
  const told = new Set<string>()

  /** Each problem once: a flood of refusals must not become one of log lines. Not the error's own words: they may quote the request. */
  function tell(problem: string): void {
    if (told.has(problem)) return
    told.add(problem)
    log('warn', 'rateLimit.handler did not answer: callers get the standard answer', { problem })
  }
  function standard(answer: Answer, problem: string): Answer {
    tell(problem)
    return answer
  }

  return function limitAnswer(request, address, answer) {
    if (pending >= MAX_PENDING) return standard(answer, 'too many are still at work')
    const draft = new DraftAnswer(answer)
    let work: unknown
    try {
      work = handler(toLimited(request, address), draft)
    } catch {
      return standard(answer, 'it threw')
    }
    if (!(work instanceof Promise)) return draft.written ?? standard(answer, 'it wrote nothing')
    pending++
    const ended = work.then(
      () => 'it wrote nothing',
      () => 'it threw',
    )
    void ended.then(() => pending--)
    return draft.written ?? firstOf(draft, ended, patienceMs).then((problem) => draft.written ?? standard(answer, problem))
  }
}

/** Resolves when the draft is written, or nothing more is waited for; then with what is wrong. */
function firstOf(draft: DraftAnswer, ended: Promise<string>, patienceMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs, 'it took too long')
    const stop = (problem: string): void => {
      clearTimeout(timer)
      resolve(problem)
    }
    draft.onWritten = () => stop('')
    void ended.then(stop)
  })
}

const SECRET = ['authorization', 'proxy-authorization', 'dpop', 'x-api-key', 'cookie']

function toLimited({ method = '', url = '/', headers }: IncomingMessage, ip: string): LimitedRequest {
  return Object.freeze({
    method,
    url: url.split('?', 1)[0] as string,
    ip,
    headers: Object.freeze(Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET.includes(name)))),
  })
}
