/**
 * Secrets of a person's own, as their account page shows them: those that the configuration asks for, and no others, so that nobody
 * can fill the store. The value goes in and never comes out.
 *
 * @module
 */

import type { NamedSecrets } from '../../vault/index.ts'
import type { Connectable } from '../credentials/connectable.ts'
import type { SecretBook } from './book.ts'
import { connectionIdOf } from './connection-id.ts'
import { namesOf, type Templates } from './template.ts'

export interface SecretConnectablesParts {
  readonly servers: readonly { readonly id: string; readonly named?: Templates | undefined }[]
  readonly secrets: NamedSecrets
  readonly book: Pick<SecretBook, 'stands'>
}

export function createSecretConnectables({ servers, secrets, book }: SecretConnectablesParts): readonly Connectable[] {
  /** By secret, the servers that ask for it. */
  const asked = new Map<string, string[]>()
  for (const { id, named = {} } of servers) for (const name of namesOf(named, 'person')) asked.set(name, [...(asked.get(name) ?? []), id])

  return [...asked].map(([name, servers]): Connectable => {
    const shown = { id: connectionIdOf(name), kind: 'secret', title: name, servers } as const
    return {
      id: shown.id,
      async look(user) {
        const info = await secrets.find(name, user)
        if (info === undefined || !(await book.stands(user, info.setAt))) return { ...shown, state: 'missing' }
        // Sealed with a key that is gone.
        const state = (await secrets.open(name, user)) === undefined ? 'ended' : 'connected'
        return { ...shown, state, since: info.setAt, lastUsedAt: info.lastUsedAt }
      },
      // Forms end lines as they like, and whoever pastes takes a space along.
      setSecret: (user, value) => secrets.set({ name, user, value: value.replace(/\r\n/g, '\n').trim(), setBy: user }),
      end: (user) => secrets.remove(name, user),
    }
  })
}
