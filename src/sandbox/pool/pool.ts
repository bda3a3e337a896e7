/**
 * The seam between what a call wants and a child that does it: warm children, each of one owner at a time, never shared between
 * owners and replaced in between.
 *
 * @module
 */

import type { JsonObject, SandboxEnd, SandboxPermission } from '../../core/index.ts'

/** One piece of work for a child. */
export interface Job {
  /** Whose it is: a child that has served one owner never serves another. */
  readonly owner: string
  /** What is asked of it; the child's program knows what it means. */
  readonly message: JsonObject
  /**
   * Is told what it says while it works, and may answer. A message of it is bounded and parsed, and nothing else is known of it. An answer
   * is on its way when `reply` resolves: until then it takes memory of ours, however long the child does not read.
   */
  readonly said?: ((message: JsonObject, reply: (answer: JsonObject) => Promise<void>) => void) | undefined
  /** Registers what to do when nobody wants the answer any more. */
  readonly onAbort: (listener: () => void) => void
}

export type JobEnd =
  /** What it answered: JSON, and nothing else is known of it. */
  | { readonly kind: 'done'; readonly value: unknown }
  /** What it threw. `permission`: what it was not granted, where that is why. */
  | { readonly kind: 'failed'; readonly error: ChildError }
  /** It was ended, or ended itself before it answered (`crash`). */
  | { readonly kind: 'stopped'; readonly why: SandboxEnd }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'cancelled' }

/** Where the kernel refuses what goes beyond it, and the program hears of that first. */
export type KernelLimit = Extract<SandboxEnd, 'disk' | 'processes'>

export interface ChildError {
  readonly name: string
  readonly message: string
  readonly permission?: SandboxPermission | undefined
  readonly limit?: KernelLimit | undefined
  /** It could not be confined as asked: nothing of it has run. */
  readonly isUnconfined?: boolean | undefined
}

export interface PoolStatus {
  readonly children: number
  readonly busy: number
  /** Of all pools that share their children. */
  readonly waiting: number
}

export interface Pool {
  run(job: Job): Promise<JobEnd>
  status(): PoolStatus
  /** Takes no more jobs; each child ends with the one that it has. */
  retire(): void
  /** Ends every child, and what waits for one. */
  close(): Promise<void>
}
