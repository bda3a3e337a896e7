/** Passkeys are added, named and removed. The browser makes one for this session's page alone. @module */

import type { Passkeys } from '../../people/index.ts'
import { accountProblem, newPasskeyPage, type Page, plain, texts } from '../pages/index.ts'
import type { Action, Visit } from './visit.ts'

export function passkeyActions(passkeys: Passkeys): readonly Action[] {
  async function show({ account, session, frame, formTo }: Visit, problem?: string): Promise<Page> {
    const options = await passkeys.beginAdding(account, session.id)
    return newPasskeyPage({ frame, target: formTo('/passkeys/new'), options: JSON.stringify(options), problem })
  }
  const nameIn = ({ form }: Visit): string => plain((form.get('name') ?? '').slice(0, 256), 64) || texts.account.newPasskey.unnamed

  return [
    {
      method: 'GET',
      path: '/passkeys/new',
      recent: true,
      // Who signs in at an identity provider has none: it would outlive the provider's word.
      run: async (visit) =>
        passkeys.available && visit.account.identity === undefined
          ? show(visit)
          : accountProblem('unknown', { back: `${visit.frame.base}/security` }),
    },
    {
      method: 'POST',
      path: '/passkeys/new',
      recent: true,
      async run(visit) {
        const { account, session, form, note, noteRefusal } = visit
        if (account.identity !== undefined) return accountProblem('unknown', { back: `${visit.frame.base}/security` })
        const made = await passkeys.add(account, session.id, form.get('credential') ?? '', nameIn(visit))
        if ('problem' in made) {
          noteRefusal('passkey.add', 'invalid_credential')
          return show(visit, made.problem)
        }
        note('passkey.add', made.passkey.id)
        return { goTo: '/security', done: 'passkey-added' }
      },
    },
    {
      method: 'POST',
      path: '/passkeys/rename',
      async run(visit) {
        const { account, form, note } = visit
        const id = form.get('passkey') ?? ''
        const renamed = await passkeys.rename(account, id, nameIn(visit))
        if (renamed) note('passkey.rename', id)
        return { goTo: '/security', ...(renamed && { done: 'passkey-renamed' }) }
      },
    },
    {
      method: 'POST',
      path: '/passkeys/remove',
      recent: true,
      async run({ account, form, note, frame }) {
        const id = form.get('passkey') ?? ''
        // What signs them in at all is not taken away by a slip.
        if (!account.hasPassword && account.identity === undefined && (await passkeys.list(account)).length <= 1)
          return accountProblem('lastWay', { back: `${frame.base}/security` })
        const removed = await passkeys.remove(account, id)
        if (removed) note('passkey.remove', id)
        return { goTo: '/security', ...(removed && { done: 'passkey-removed' }) }
      },
    },
  ]
}
