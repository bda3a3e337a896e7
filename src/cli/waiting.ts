/** Says on stderr that something is under way: after a second, then every five. What is quick says nothing. @module */

import type { Output } from './output.ts'

const FIRST_MS = 1000
const THEN_MS = 5000

export async function whileWaiting<Value>(what: () => string, { note }: Pick<Output, 'note'>, work: Promise<Value>): Promise<Value> {
  const started = performance.now()
  const say = (): void => {
    note(`${what()} … ${Math.round((performance.now() - started) / 1000)} s`)
    timer = setTimeout(say, THEN_MS)
  }
  let timer = setTimeout(say, FIRST_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
