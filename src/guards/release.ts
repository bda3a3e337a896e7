/**
 * What may leave: shaped for the caller's revision, redacted and bounded.
 *
 *   authenticate → read → limit → authorize → validate → approve → execute → [release]
 *
 * Results, errors and notifications all pass here. Fails closed: what is too large is refused, not cut.
 *
 * @module
 */

import {
  allow,
  type Decision,
  deny,
  type Executed,
  type JsonObject,
  type Outgoing,
  type Redactor,
  type Released,
  released,
} from '../core/index.ts'
import { toResult } from '../protocol/index.ts'
import { brokenPromise, toShownError } from './shown.ts'

export interface ReleaseOptions {
  readonly redactor: Redactor
  readonly resultBytes: number
}

export interface Release {
  readonly release: (executed: Executed) => Decision<Released>
  /** Notifications, and requests of ours. Undefined for one that may not leave: a task's may be as large as its result. */
  readonly message: (message: Outgoing) => Outgoing | undefined
}

const MAX_MESSAGE_CHARACTERS = 65_536

export function createRelease({ redactor, resultBytes }: ReleaseOptions): Release {
  // A character is at most three bytes of UTF-8 (a surrogate pair, two characters, is four): only a text near the bound is measured.
  const fits = (text: string): boolean =>
    text.length * 3 <= resultBytes || (text.length <= resultBytes && Buffer.byteLength(text) <= resultBytes)

  return {
    release(done) {
      const {
        request: { entry, message },
        produced,
      } = done
      const { era, method } = message
      switch (produced.kind) {
        case 'prepared':
          return fits(produced.text)
            ? allow(released(done, 'result', produced.text, false))
            : deny({ reason: 'result_too_large', limitBytes: resultBytes })
        case 'result': {
          const wrong = method === 'tools/call' && entry ? brokenPromise(entry, produced.result) : undefined
          if (wrong) return deny({ reason: 'invalid_result', ...wrong })
          const text = redactor.json(toResult(era, method, produced.result))
          return fits(text)
            ? allow(released(done, 'result', text, produced.result['isError'] === true))
            : deny({ reason: 'result_too_large', limitBytes: resultBytes })
        }
        case 'error': {
          const shown = toShownError(produced, redactor)
          const text = redactor.json(shown)
          return fits(text)
            ? allow(released(done, 'error', text, true, shown.code))
            : deny({ reason: 'result_too_large', limitBytes: resultBytes })
        }
      }
    },
    message(message) {
      const text = JSON.stringify(message.params)
      if (message.method === 'notifications/tasks' ? !fits(text) : text.length > MAX_MESSAGE_CHARACTERS) return undefined
      return redactor.suspects(text) ? { ...message, params: JSON.parse(redactor.json(message.params)) as JsonObject } : message
    },
  }
}
