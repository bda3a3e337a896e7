/**
 * What people can connect here, for the account page. Each belongs to whoever is signed in at the browser, so that a link which
 * somebody else was given connects the account of whoever opens it, to that person and nobody else.
 *
 * Fails closed: what comes back to another person, another browser or another place is used up and counts for nothing.
 *
 * @module
 */

import type { Connections } from '../../people/index.ts'
import type { Attempts } from './attempts.ts'
import type { Connectable } from './connectable.ts'

const UNKNOWN = { problem: 'There is no such connection here.' }
const NOT_BEGUN = {
  problem: 'This sign-in was not begun here by you, was used already, or took longer than ten minutes. Nothing was connected: begin again.',
}

export function createConnections(all: readonly Connectable[], attempts: Attempts): Connections {
  const byId = new Map(all.map((one) => [one.id, one]))
  return {
    async list(user) {
      const looked = await Promise.all(all.map((one) => one.look(user)))
      return looked.filter((connection) => connection !== undefined)
    },
    async begin(id, who, redirectUri) {
      const one = byId.get(id)
      return (await one?.look(who.user)) && one?.begin ? one.begin(who, redirectUri) : UNKNOWN
    },
    async finish(who, callback, redirectUri) {
      const attempt = await attempts.take(who, callback, redirectUri)
      const one = attempt && byId.get(attempt.server)
      if (!attempt || !one?.finish) return NOT_BEGUN
      return (await one.finish(who.user, attempt, callback)) ?? { id: one.id }
    },
    setSecret: async (id, user, value) => {
      const one = byId.get(id)
      return one?.setSecret ? one.setSecret(user, value) : UNKNOWN
    },
    end: async (id, user) => (await byId.get(id)?.end(user)) ?? false,
  }
}
