/** The seam for telling others: revocations, changes. @module */

/**
 * `credentials`: an outcome of verification may have changed. `resource`: so has the one whose URI the message
 * is. `session`: what the legacy session with that key has set. `task`: the state of the one with that id.
 */
export type Topic = 'credentials' | 'resource' | 'session' | 'task'

export interface Bus {
  publish(topic: Topic, message: string): void
  /** Answers how to stop listening. */
  subscribe(topic: Topic, listener: (message: string) => void): () => void
}
