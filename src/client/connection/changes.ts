/**
 * What a server says has changed, on its way from the connection to those who want to know: the cache, and watchers. The same for every
 * revision; how a server is asked to say it is in `watch.ts`.
 *
 * @module
 */

import type { Client } from '@modelcontextprotocol/client'

/** `resource`: one whose `uri` is watched; the others: the list may be another now. */
export type Change =
  | { readonly type: 'tools' }
  | { readonly type: 'prompts' }
  | { readonly type: 'resources' }
  | { readonly type: 'resource'; readonly uri: string }

export interface Changes {
  /** Before the SDK's client connects. */
  install(client: Client): void
  /** Answers what ends it. */
  subscribe(listener: (change: Change) => void): () => void
}

export function createChanges(): Changes {
  const listeners = new Set<(change: Change) => void>()
  const tell = (change: Change): void => {
    for (const listener of listeners) listener(change)
  }
  return {
    install(client) {
      client.setNotificationHandler('notifications/tools/list_changed', () => tell({ type: 'tools' }))
      client.setNotificationHandler('notifications/prompts/list_changed', () => tell({ type: 'prompts' }))
      client.setNotificationHandler('notifications/resources/list_changed', () => tell({ type: 'resources' }))
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => tell({ type: 'resource', uri: params.uri }))
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
