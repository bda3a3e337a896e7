/** Our end of the thread that writes the audit trail. Started for the first batch; if it dies, its batches fail and the next one starts another. @module */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Batch, Ended, WorkerOptions } from './audit-worker.ts'

export interface AuditThread {
  readonly started: boolean
  /** Settles once they are on disk. */
  append(texts: readonly string[]): Promise<void>
  close(): Promise<void>
}

// The compiler does not rewrite the extension of a URL.
const program = new URL(import.meta.url.endsWith('.ts') ? './audit-worker.ts' : './audit-worker.js', import.meta.url)

export function createAuditThread(options: WorkerOptions): AuditThread {
  let worker: Worker | undefined
  const waiting: ((problem: Error | undefined) => void)[] = []

  function start(): Worker {
    const own = new Worker(program, { workerData: options, name: 'sallyport-audit' })
    own.unref()
    own.on('message', ({ problem }: Ended) => waiting.shift()?.(problem === undefined ? undefined : new Error(problem)))
    own.on('error', (error) => failAll(own, error instanceof Error ? error : new Error('the audit thread failed')))
    own.on('exit', () => failAll(own, new Error('the audit thread ended')))
    return own
  }
  function failAll(own: Worker, error: Error): void {
    if (worker !== own) return
    worker = undefined
    for (const settle of waiting.splice(0)) settle(error)
  }
  return {
    get started() {
      return worker !== undefined
    },
    append(texts) {
      worker ??= start()
      const own = worker
      return new Promise((resolve, reject) => {
        // The process stays up while something is on its way.
        own.ref()
        waiting.push((problem) => {
          if (waiting.length === 0) own.unref()
          if (problem === undefined) resolve()
          else reject(problem)
        })
        // JSON text has no raw line break. One string is copied at once; an array of objects would be walked.
        own.postMessage({ texts: texts.join('\n') } satisfies Batch)
      })
    },
    async close() {
      const own = worker
      if (own === undefined) return
      own.ref()
      own.postMessage({ texts: undefined } satisfies Batch)
      await once(own, 'exit')
    },
  }
}
