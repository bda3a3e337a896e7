/**
 * What an upstream is asked for once and then has to know: which changes to announce, which resources are watched, how much
 * to log. It lasts as long as the session, so that it is told again whenever another one begins.
 *
 * @module
 */

import type { Clock, JsonObject, Log, LogLevel } from '../../core/index.ts'
import { isObject, TASKS } from '../../protocol/index.ts'
import type { Link, ListKind } from './link.ts'
import { createLogLevels } from './log-level.ts'
import { ask, type Session } from './negotiate.ts'
import { createWatchedResources } from './watched-resources.ts'

export interface Standing {
  /** A session has begun on this link. */
  begin(link: Link, session: Session): void
  /** A caller wants to be told from this level on. */
  want(level: LogLevel): void
  /** Answers how to stop. */
  watch(uri: string, changed: () => void): () => void
  /** The resource has changed; undefined: any may have. */
  updated(uri: string | undefined): void
  close(): void
}

const ASK_MS = 30_000

export function createStanding(server: string, log: Log, clock: Clock): Standing {
  let current: { readonly link: Link; readonly session: Session } | undefined
  const seen = new Set<string>()
  function odd(kind: string): void {
    if (seen.has(kind)) return
    seen.add(kind)
    log('warn', `${server}: skipped ${kind}; further ones are skipped without a word`)
  }
  const levels = createLogLevels((level) => tell('logging/setLevel', { level }))
  const watched = createWatchedResources({
    apply(added, removed) {
      if (!current || !tellsOfResources(current.session)) return
      listen(current.link, current.session)
      if (current.session.dialect.era === 'modern') return
      for (const uri of removed) tell('resources/unsubscribe', { uri })
      for (const uri of added) tell('resources/subscribe', { uri })
    },
    odd,
  })

  function listen(link: Link, session: Session): void {
    link.listen({ changes: changesOf(session), uris: tellsOfResources(session) ? watched.take() : [] })
  }
  function tell(method: string, params: JsonObject): void {
    if (!current) return
    void ask({ link: current.link, clock }, method, params, ASK_MS).then((answer) => {
      if (!answer.allowed || answer.value.kind === 'error') odd(`${method}, which it did not answer with a result`)
    })
  }

  return {
    begin(link, session) {
      current = { link, session }
      listen(link, session)
      if (session.dialect.era === 'legacy') {
        if (session.capabilities.logging !== undefined) levels.renew()
        if (tellsOfResources(session)) for (const uri of watched.take()) tell('resources/subscribe', { uri })
      }
      // Whatever changed while there was no session, nobody heard of.
      watched.updated(undefined)
    },
    want(level) {
      // A modern one is told with each request.
      if (current?.session.dialect.era === 'legacy' && current.session.capabilities.logging !== undefined) levels.want(level)
    },
    watch: watched.watch,
    updated: watched.updated,
    close() {
      current = undefined
      levels.close()
      watched.close()
    },
  }
}

/** Which lists it says that it announces changes of. */
function changesOf({ capabilities }: Session): ListKind[] {
  return (['tools', 'prompts', 'resources'] as const).filter((kind) => (capabilities[kind] as JsonObject | undefined)?.listChanged === true)
}

/** The extension is of 2026-07-28: what legacy servers call tasks is another thing. */
export const answersWithTasks = ({ dialect, capabilities: { extensions } }: Session): boolean =>
  dialect.era === 'modern' && isObject(extensions) && extensions[TASKS] !== undefined

export const tellsOfResources = ({ capabilities: { resources } }: Session): boolean => isObject(resources) && resources.subscribe === true
