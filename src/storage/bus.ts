/** The seam for telling others: revocations, list changes. @module */

/** `credentials`: an outcome of verification may have changed. `catalogue`: a list has. */
export type Topic = 'credentials' | 'catalogue'

export interface Bus {
  publish(topic: Topic, message: string): void
  /** Answers how to stop listening. */
  subscribe(topic: Topic, listener: (message: string) => void): () => void
}
