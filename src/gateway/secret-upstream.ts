/**
 * The way to a server that is handed named secrets: one process for everybody, a process for each person, or an HTTP endpoint whose
 * requests carry them.
 *
 * @module
 */

import type { ServerConfig } from './config/index.ts'
import type { PersonalCredentials } from './credentials/personal.ts'
import { createPeopleLinks } from './each-person/people-links.ts'
import { createPeopleProcesses } from './each-person/people-processes.ts'
import type { SecretBook } from './secrets/book.ts'
import { createSecretEnvironment } from './secrets/secret-environment.ts'
import { createSecretHeaders } from './secrets/secret-headers.ts'
import type { Templates } from './secrets/template.ts'
import { createUpstream, type Upstream, type UpstreamOptions } from './upstream/index.ts'

export interface SecretUpstreamOptions extends Omit<UpstreamOptions, 'server' | 'target' | 'prepare' | 'credentials'> {
  readonly config: Pick<ServerConfig, 'id' | 'target' | 'perPerson'>
  readonly templates: Templates
  readonly book: SecretBook
  /** Under which account pages are; undefined: there are none. */
  readonly accountBase: () => string | undefined
}

export interface SecretUpstream {
  readonly upstream: Upstream
  /** Undefined: its calls carry nothing of their caller's own. */
  readonly personal: PersonalCredentials | undefined
}

export function createSecretUpstream({ config, templates, book, accountBase, ...rest }: SecretUpstreamOptions): SecretUpstream {
  const { id: server, target, perPerson = {} } = config
  const { clock, log } = rest
  const common = { ...rest, server }
  const shown = createSecretHeaders({ server, templates, book, accountBase, clock, log, areVariables: 'command' in target })
  const personal = shown.isPersonal() ? shown : undefined
  if ('url' in target) {
    if (personal) return { upstream: createPeopleLinks({ ...common, target, personal }), personal }
    const upstream = createUpstream({ ...common, target, credentials: shown.credentials })
    // What it waited for may be there.
    book.onChange(() => {
      if (upstream.state === 'down') upstream.restart()
    })
    return { upstream, personal }
  }
  if (personal) return { upstream: createPeopleProcesses({ ...common, target, templates, book, accountBase, ...perPerson }), personal }
  const environment = createSecretEnvironment({ server, command: target, templates, book, log })
  const upstream = createUpstream({ ...common, target, prepare: environment.prepare })
  // For as long as the book is open.
  environment.follow(upstream.restart)
  return { upstream, personal }
}
