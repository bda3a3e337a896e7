/** Tells the listeners in this process, at once. @module */

import type { Bus, Topic } from './bus.ts'

/** A listener that throws keeps none of the others from being told; the publisher gets the error afterwards. */
export function createLocalBus(): Bus {
  const listeners: Record<Topic, Set<(message: string) => void>> = {
    credentials: new Set(),
    resource: new Set(),
    session: new Set(),
    task: new Set(),
  }
  return {
    publish(topic, message) {
      const failures: unknown[] = []
      for (const listener of Array.from(listeners[topic])) {
        try {
          listener(message)
        } catch (failure) {
          failures.push(failure)
        }
      }
      if (failures.length === 1) throw failures[0]
      if (failures.length > 1) throw new AggregateError(failures, `${failures.length} listeners to ${topic} failed`)
    },
    subscribe(topic, listener) {
      // Wrapped, so that one function subscribed twice is two subscriptions.
      const own = (message: string): void => listener(message)
      listeners[topic].add(own)
      return () => void listeners[topic].delete(own)
    },
  }
}
