/**
 * ^C while something is under way: it is cancelled where it runs, and the command ends with exit code 130. A second one ends everything
 * at once.
 *
 * @module
 */

import { exitCodes } from '../codes.ts'
import type { Output } from '../output.ts'

export interface Interruption {
  readonly signal: AbortSignal
  /** For ^C that was typed at a question, where it is a key and no signal. */
  interrupt(): void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Undefined where it was interrupted; what `work` throws for another reason is thrown. */
export async function interruptible<T>({ note }: Pick<Output, 'note'>, work: (by: Interruption) => Promise<T>): Promise<T | undefined> {
  const controller = new AbortController()
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    controller.abort(new Error('interrupted'))
  }
  for (const signal of signals) process.on(signal, interrupt)
  try {
    return await work({ signal: controller.signal, interrupt })
  } catch (error) {
    // Whatever it broke into was broken by us.
    if (!controller.signal.aborted) throw error
    note('interrupted')
    process.exitCode = exitCodes.interrupted
    return undefined
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
  }
}
