/** What a server tells of its progress, a line at a time on stderr: the first at once, then not more than two a second. @module */

import type { Progress } from '../../client/index.ts'
import type { Output } from '../output.ts'
import { shownLine } from './shown-text.ts'

const EVERY_MS = 500

export interface ProgressLines {
  show(progress: Progress): void
  /** To stand behind what is under way; empty before anything was told. */
  last(): string
}

export function createProgressLines({ note }: Pick<Output, 'note'>): ProgressLines {
  let last = ''
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    show(progress) {
      const text = describe(progress)
      if (text === last) return
      last = text
      const now = performance.now()
      if (now - shownAt < EVERY_MS) return
      shownAt = now
      note(`  │ ${text}`)
    },
    last: () => (last === '' ? '' : `: ${last}`),
  }
}

function describe({ progress, total, message }: Progress): string {
  const part = total !== undefined && total > 0 ? `${progress} of ${total}` : String(progress)
  return message === undefined ? part : `${part}  ${shownLine(message)}`
}
