/** What scanning a result for secrets takes: 10 KB of ordinary text, and the same with a credential in it. @module */

import { createRedactor } from '../../src/core/index.ts'
import { median } from './statistics.ts'

export interface Redaction {
  /** Microseconds. */
  readonly clean10k: number
  readonly secret10k: number
  /** `clean` of 100 KB over ten times that of 10 KB: about 1 where it is linear. */
  readonly growth: number
}

const words = 'The quick brown fox jumps over the lazy dog, said notes/2026-07-28.md on line 42 (see https://example.com/a?b=c). '
const text = (bytes: number): string => words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes)

export function measureRedaction(): Redaction {
  const redactor = createRedactor()
  for (let index = 0; index < 20; index++) redactor.learn(`known-secret-${index}-${'x'.repeat(20)}`)
  const clean = text(10_000)
  const secret = `${clean.slice(0, 9_000)} ghp_${'A1b2'.repeat(9)} ${clean.slice(9_000)}`
  const large = text(100_000)
  if (redactor.text(secret).includes('ghp_') || redactor.text(clean) !== clean) throw new Error('the redactor answered wrongly')

  const clean10k = microseconds(() => redactor.text(clean))
  const secret10k = microseconds(() => redactor.text(secret))
  return { clean10k, secret10k, growth: microseconds(() => redactor.text(large)) / (10 * clean10k) }
}

function microseconds(work: () => unknown): number {
  for (let index = 0; index < 50; index++) work()
  const times = Array.from({ length: 200 }, () => {
    const began = performance.now()
    work()
    return performance.now() - began
  })
  return (median(times) ?? 0) * 1000
}
