/**
 * Secrets of a person's own, as their account page shows them: those that the configuration asks for, and no others, so that nobody
 * can fill the store. The value goes in and never comes out.
 *
 * @module
 */

import type { Connection, Connections } from '../../people/index.ts'
import type { NamedSecrets } from '../../vault/index.ts'
import type { ServerConfig } from '../config/index.ts'
import type { SecretBook } from './book.ts'
import { connectionIdOf, secretOf } from './connection-id.ts'
import { namesOf } from './template.ts'

export interface SecretConnectionsParts {
  readonly servers: readonly Pick<ServerConfig, 'id' | 'named'>[]
  readonly secrets: NamedSecrets
  readonly book: Pick<SecretBook, 'stands'>
  /** Told of what a person has done, for the record. */
  readonly record: (action: 'secret.set' | 'secret.remove', name: string, user: string) => void
}

const unknown = { problem: 'There is no such secret here.' }
const notAtBrowser = { problem: 'This one is set on the page itself.' }

export function createSecretConnections({ servers, secrets, book, record }: SecretConnectionsParts): Connections {
  /** By secret, the servers that ask for it. */
  const asked = new Map<string, string[]>()
  for (const { id, named = {} } of servers) for (const name of namesOf(named, 'person')) asked.set(name, [...(asked.get(name) ?? []), id])

  return {
    async list(user) {
      const own = new Map((await secrets.list({ user })).map((info) => [info.name, info]))
      const listed = [...asked].map(async ([name, servers]): Promise<Connection> => {
        const info = own.get(name)
        const shown = { id: connectionIdOf(name), kind: 'secret', title: name, servers } as const
        return info && (await book.stands(user, info.setAt))
          ? { ...shown, state: 'connected', since: info.setAt, lastUsedAt: info.lastUsedAt }
          : { ...shown, state: 'missing' }
      })
      return Promise.all(listed)
    },
    begin: async () => notAtBrowser,
    finish: async () => notAtBrowser,
    async setSecret(id, user, value) {
      const name = secretOf(id)
      if (name === undefined || !asked.has(name)) return unknown
      const wrong = await secrets.set({ name, user, value: value.trim(), setBy: user })
      if (wrong === undefined) record('secret.set', name, user)
      return wrong
    },
    async end(id, user) {
      const name = secretOf(id)
      if (name === undefined || !(await secrets.remove(name, user))) return false
      record('secret.remove', name, user)
      return true
    },
  }
}
