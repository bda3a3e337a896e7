/** Where a person is signed in: listed, ended one by one, or all but the one that asks. @module */

import type { BrowserSessions } from '../../people/index.ts'
import { sessionsPage } from '../pages/index.ts'
import type { Action } from './visit.ts'

export interface SessionsParts {
  readonly sessions: BrowserSessions
  /** What an identity provider is called, by the id in a method of signing in. */
  readonly providerTitle: (id: string) => string
}

export function sessionActions({ sessions, providerTitle }: SessionsParts): readonly Action[] {
  return [
    {
      method: 'GET',
      path: '/sessions',
      async run({ account, session, frame, formTo, now }) {
        const all = (await sessions.list(account.name)).filter(({ since }) => since >= account.since)
        const others = all.filter(({ id }) => id !== session.id).sort((a, b) => b.lastSeenAt - a.lastSeenAt)
        const end = formTo('/sessions/end')
        return sessionsPage({ frame, current: session, others, now, end, endOthers: formTo('/sessions/end-others'), providerTitle })
      },
    },
    {
      method: 'POST',
      path: '/sessions/end',
      async run({ account, form, note }) {
        const id = form.get('session') ?? ''
        const ended = await sessions.end(account.name, id)
        if (ended) note('session.end', id)
        return { goTo: '/sessions', ...(ended && { done: 'session-ended' }) }
      },
    },
    {
      method: 'POST',
      path: '/sessions/end-others',
      async run({ account, session, note }) {
        await sessions.endAll(account.name, session.id)
        note('session.end', 'all others')
        return { goTo: '/sessions', done: 'sessions-ended' }
      },
    },
  ]
}
