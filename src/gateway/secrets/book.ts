/**
 * Named secrets on their way to guarded servers: references filled in for everybody or for one person, and every value known to the
 * redactor before it is handed over.
 *
 * Fails closed: one person's reference is filled with that person's own or not at all, and what was set for an account that is gone,
 * switched off or made anew under the same name stands for nobody.
 *
 * @module
 */

import { type Log, problemOf, type Redactor } from '../../core/index.ts'
import { type Account, isAccountName } from '../../people/index.ts'
import type { NamedSecrets } from '../../vault/index.ts'
import { createListeners } from '../credentials/listeners.ts'
import { secretsIn } from './secrets-in.ts'
import { fillTemplate, namesOf, referencesIn, type SecretReference, type Templates } from './template.ts'

export type Filled =
  | { readonly values: Readonly<Record<string, string>> }
  /** None is filled unless all are. */
  | { readonly missing: SecretReference }

export interface SecretBook {
  /** For `user`; undefined: nobody in particular, who has nothing of their own. */
  fill(templates: Templates, user: string | undefined): Promise<Filled>
  /** Who has all that `templates` ask of a person, in order of name. */
  peopleWith(templates: Templates): Promise<readonly string[]>
  /** Whether what was set then for `user` is still theirs. */
  stands(user: string, setAt: number): Promise<boolean>
  /** They were handed over. Written down from time to time. */
  used(templates: Templates, user: string | undefined): void
  /** How often something may have changed: what was filled at another count may be of yesterday. */
  readonly changes: number
  /** Answers how to stop listening. */
  onChange(listener: () => void): () => void
  close(): void
}

export interface SecretBookParts {
  readonly secrets: NamedSecrets
  /** Those that stand: the account of a name, if it may sign in. */
  readonly accounts: { get(name: string): Promise<Pick<Account, 'since'> | undefined> }
  readonly redactor: Redactor
  readonly log: Log
}

export function createSecretBook({ secrets, accounts, redactor, log }: SecretBookParts): SecretBook {
  const listeners = createListeners<void>()
  let changes = 0
  const stop = secrets.onChange(() => {
    changes++
    listeners.tell()
  })

  /** An account made later under the same name is somebody else (`people/accounts.ts`). */
  async function stands(user: string, setAt: number): Promise<boolean> {
    if (!isAccountName(user)) return true
    const account = await accounts.get(user)
    return account !== undefined && account.since <= setAt
  }
  async function valueOf({ secret, of }: SecretReference, user: string | undefined): Promise<string | undefined> {
    if (of === 'person' && user === undefined) return undefined
    const owner = of === 'person' ? user : undefined
    const found = await secrets.open(secret, owner)
    if (!found || (owner !== undefined && !(await stands(owner, found.info.setAt)))) return undefined
    for (const part of [found.value, ...secretsIn('secret', found.value)]) redactor.learn(part)
    return found.value
  }
  function used(templates: Templates, user: string | undefined): void {
    for (const { secret, of } of referencesIn(templates))
      secrets
        .noteUse(secret, of === 'person' ? user : undefined)
        .catch((error: unknown) => log('warn', 'when a secret was last used could not be written', { problem: problemOf(error) }))
  }

  return {
    async fill(templates, user) {
      const values = new Map<SecretReference, string>()
      for (const reference of referencesIn(templates)) {
        const value = await valueOf(reference, user)
        if (value === undefined) return { missing: reference }
        values.set(reference, value)
      }
      const filled = Object.entries(templates).map(([name, template]) => [
        name,
        fillTemplate(template, (reference) => values.get(reference) as string),
      ])
      return { values: Object.fromEntries(filled) }
    },
    async peopleWith(templates) {
      const names = namesOf(templates, 'person')
      const found = new Map<string, number>()
      for (const { name, user, setAt } of await secrets.list())
        if (user !== undefined && names.includes(name) && (await stands(user, setAt))) found.set(user, (found.get(user) ?? 0) + 1)
      return [...found].flatMap(([user, count]) => (count === names.length ? [user] : [])).sort()
    },
    stands,
    used,
    get changes() {
      return changes
    },
    onChange: listeners.add,
    close: stop,
  }
}
