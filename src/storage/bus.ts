/** The seam for telling others: revocations, list changes. @module */

/**
 * `credentials`: an outcome of verification may have changed. `catalogue`: a list has. `resource`: the one whose URI the message
 * is. `session`: what the legacy session with that key has set. `task`: the state of the one with that id.
 */
export type Topic = 'credentials' | 'catalogue' | 'resource' | 'session' | 'task'

export interface Bus {
  publish(topic: Topic, message: string): void
  /** Answers how to stop listening. */
  subscribe(topic: Topic, listener: (message: string) => void): () => void
}
