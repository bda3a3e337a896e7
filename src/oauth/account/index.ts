/** The pages of one's own account, put together. @module */

import type { People } from '../../people/index.ts'
import { createApiKeys } from '../api-keys.ts'
import type { Clients } from '../clients.ts'
import type { Grants } from '../grants.ts'
import type { Settings } from '../options.ts'
import type { PersonAtBrowser } from '../person-at-browser.ts'
import type { Recorder } from '../recorder.ts'
import type { Resources } from '../resources.ts'
import { createSignOut } from '../sign-in/sign-out.ts'
import { accessActions } from './access.ts'
import { type AccountPages, createAccountPages } from './account.ts'
import { activityActions } from './activity.ts'
import { codeActions } from './codes.ts'
import { connectionActions } from './connections.ts'
import { keyActions } from './keys.ts'
import { passkeyActions } from './passkeys.ts'
import { passwordActions } from './password.ts'
import { securityActions } from './security.ts'
import { sessionActions } from './sessions.ts'

export interface CreateAccount {
  readonly settings: Settings
  readonly resources: Resources
  readonly people: People
  readonly person: PersonAtBrowser
  readonly grants: Grants
  readonly clients: Clients
  readonly record: Recorder
}

export function createAccount({ settings, resources, people, person, grants, clients, record }: CreateAccount): AccountPages {
  const { accounts, sessions, passkeys, oneTimeCodes: codes, recoveryCodes: recovery, throttle } = people
  const { store, keyRing, counters, clock, bus, issuer, hierarchy, connections, signIn } = settings
  const server = resources.canonical
  const keys = createApiKeys({ store, keyRing, clock, bus, accounts })
  return createAccountPages({
    settings,
    person,
    record,
    signOutToken: createSignOut({ settings, person, record }).tokenFor,
    actions: [
      ...accessActions({ grants, clients, hierarchy, server: new URL(server).host }),
      ...keyActions({ keys, settings, counters, server }),
      ...securityActions({
        passkeys,
        codes,
        recovery,
        providerName: (provider) => signIn.find((each) => each.issuer === provider)?.title ?? URL.parse(provider)?.host ?? provider,
      }),
      ...passwordActions({ accounts, throttle, settings }),
      ...passkeyActions(passkeys),
      ...codeActions({ codes, recovery, counters }),
      ...sessionActions({ sessions, providerTitle: (id) => signIn.find((each) => each.id === id)?.title ?? id }),
      ...connectionActions({ connections, settings }),
      ...activityActions({ audit: store.audit, keyRing, clients, issuer }),
    ],
  })
}
