/**
 * The way to one guarded server, by what its configuration says of credentials: none, everybody's, or each person's own.
 *
 * @module
 */

import type { ServerConfig } from './config/index.ts'
import { type Connectable, heldBack, openOwnAccounts, openVouched, type PersonalCredentials } from './credentials/index.ts'
import { createPeopleLinks } from './each-person/people-links.ts'
import type { People } from './people.ts'
import { createSecretUpstream } from './secret-upstream.ts'
import { createUpstream, type Upstream, type UpstreamOptions } from './upstream/index.ts'

export interface OpenUpstream {
  readonly upstream: Upstream
  /** Undefined: its calls carry nothing of their caller's own. */
  readonly personal?: PersonalCredentials | undefined
  /** What people do to get it, where that is for them to do. */
  readonly connectable?: Connectable | undefined
}

export type UpstreamParts = Omit<UpstreamOptions, 'server' | 'target' | 'credentials' | 'prepare'>

export async function openUpstream(config: ServerConfig, people: People | undefined, parts: UpstreamParts): Promise<OpenUpstream> {
  const { id: server, target, auth, named } = config
  const options = { ...parts, server, target }
  if (!people) return { upstream: createUpstream(options) }
  if (named) return createSecretUpstream({ ...parts, config, templates: named, book: people.book, accountBase: people.place.base })
  if (!('url' in target) || auth?.type === 'none' || target.headers['authorization'] !== undefined)
    return { upstream: createUpstream(options) }

  const held = <T extends PersonalCredentials>(made: T): T => (parts.refused ? heldBack(made, server, parts.refused) : made)
  const about = { ...people, server, url: target.url, clientInfo: parts.client, log: parts.log }
  if (auth?.type === 'exchange' || auth?.type === 'id-jag') {
    const personal = held(await openVouched({ ...about, settings: auth }))
    return { upstream: createPeopleLinks({ ...options, personal }), personal }
  }
  const { connectable, ...personal } = held(await openOwnAccounts({ ...about, settings: auth }))
  return { upstream: createPeopleLinks({ ...options, personal }), personal, connectable }
}
