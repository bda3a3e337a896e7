/**
 * Accounts and secrets of a person's own at guarded servers: shown, begun and ended here, kept and used by the gateway
 * (`people/connections.ts`). No credential crosses a page, but the one that somebody types in.
 *
 * What comes back from elsewhere counts only in the session of the person that began it: the gateway is told both.
 *
 * @module
 */

import type { Connection, Connections } from '../../people/index.ts'
import type { Settings } from '../options.ts'
import { accountProblem, connectionsPage, leavePage, notConnectedPage, type Page, plain, texts } from '../pages/index.ts'
import type { Action, Answer, Visit } from './visit.ts'

export interface ConnectionsParts {
  readonly connections: Connections
  readonly settings: Pick<Settings, 'issuer'>
}

/** A path's part as `encodeURIComponent` writes it. */
const ID = "[\\w.~!*'()%-]{1,300}"

export function connectionActions({ connections, settings }: ConnectionsParts): readonly Action[] {
  const at = (what: string): RegExp => new RegExp(`^/connections/(${ID})${what}$`)
  const pathOf = (id: string): string => `/connections/${encodeURIComponent(id)}`
  const redirectUriOf = (id: string): string => `${settings.issuer}/account${pathOf(id)}/callback`
  const who = ({ account, session }: Visit) => ({ user: account.name, session: session.id })

  async function find({ account, id }: Visit): Promise<Connection | undefined> {
    const named = decoded(id)
    return (await connections.list(account.name)).find((each) => each.id === named)
  }
  function shown({ formTo }: Visit, connection: Connection) {
    const path = pathOf(connection.id)
    const forms = { connect: formTo(`${path}/connect`), end: formTo(`${path}/end`), secret: formTo(`${path}/secret`) }
    return { ...connection, title: plain(connection.title), servers: connection.servers.map((name) => plain(name, 64)), forms }
  }
  const page = (visit: Visit, all: readonly Connection[], isOne: boolean, problem?: string): Page =>
    connectionsPage({ frame: visit.frame, now: visit.now, connections: all.map((each) => shown(visit, each)), isOne, problem })
  const gone = ({ frame }: Visit): Page => accountProblem('unknown', { back: `${frame.base}/connections` })

  /** On one that there is, of the kind that the form is for. */
  const forOne =
    (kind: Connection['kind'] | undefined, run: (visit: Visit, connection: Connection) => Promise<Answer>) =>
    async (visit: Visit): Promise<Answer> => {
      const connection = await find(visit)
      return connection === undefined || (kind !== undefined && connection.kind !== kind) ? gone(visit) : run(visit, connection)
    }

  return [
    { method: 'GET', path: '/connections', run: async (visit) => page(visit, await connections.list(visit.account.name), false) },
    { method: 'GET', path: at(''), run: forOne(undefined, async (visit, connection) => page(visit, [connection], true)) },
    {
      method: 'POST',
      path: at('/connect'),
      run: forOne('oauth', async (visit, { id, title }) => {
        const begun = await connections.begin(id, who(visit), redirectUriOf(id))
        if ('problem' in begun) {
          visit.noteRefusal('connection.begin', 'upstream_unavailable', id)
          return notConnectedPage({ frame: visit.frame, problem: begun.problem })
        }
        visit.note('connection.begin', id)
        return leavePage({ frame: visit.frame, title: plain(title), location: begun.location })
      }),
    },
    {
      method: 'GET',
      path: at('/callback'),
      // Its address carries a code, which is good in the session that asked for it and nowhere else.
      after: '/connections',
      async run(visit) {
        const id = decoded(visit.id)
        const finished = await connections.finish(who(visit), visit.query, redirectUriOf(id))
        if ('problem' in finished) {
          visit.noteRefusal('connection.finish', 'not_connected', id.slice(0, 128))
          return notConnectedPage({ frame: visit.frame, problem: finished.problem })
        }
        visit.note('connection.finish', finished.id)
        return { goTo: pathOf(finished.id), done: 'connected' }
      },
    },
    {
      method: 'POST',
      path: at('/secret'),
      run: forOne('secret', async (visit, connection) => {
        const value = visit.form.get('value') ?? ''
        if (value === '') return page(visit, [connection], true, texts.connections.empty)
        const wrong = await connections.setSecret(connection.id, visit.account.name, value)
        if (wrong !== undefined) return page(visit, [connection], true, wrong.problem)
        visit.note('secret.set', connection.id)
        return { goTo: pathOf(connection.id), done: 'secret-kept' }
      }),
    },
    {
      method: 'POST',
      path: at('/end'),
      run: forOne(undefined, async (visit, { id }) => {
        const ended = await connections.end(id, visit.account.name)
        if (ended) visit.note('connection.end', id)
        return { goTo: pathOf(id), ...(ended && { done: 'disconnected' }) }
      }),
    },
  ]
}

/** What is no part of a path of ours names nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
