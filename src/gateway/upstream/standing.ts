/**
 * What an upstream is asked for once and then has to know: which changes to announce, which resources and tasks are watched, how
 * much to log. It lasts as long as the session, so that it is asked for again whenever another one begins.
 *
 * @module
 */

import type { Clock, JsonObject, Log, LogLevel } from '../../core/index.ts'
import { isObject, NEEDS_TASKS, TASKS } from '../../protocol/index.ts'
import type { Link, LinkEvents, ListKind } from './link.ts'
import { createLogLevels } from './log-level.ts'
import { ask, type Session } from './negotiate.ts'
import { createOddities } from './oddities.ts'
import { createWatched } from './watched.ts'

export interface Standing extends Pick<LinkEvents, 'updated' | 'taskChanged'> {
  /** A session has begun on this link. */
  begin(link: Link, session: Session): void
  /** A caller wants to be told from this level on. */
  want(level: LogLevel): void
  /** Answers how to stop. */
  watch(uri: string, changed: () => void): (() => void) | undefined
  /** Tells of the task as it is now, too. Answers how to stop. */
  watchTask(taskId: string, changed: (task: JsonObject) => void): (() => void) | undefined
  close(): void
}

const ASK_MS = 30_000

export function createStanding(server: string, log: Log, clock: Clock): Standing {
  let current: { readonly link: Link; readonly session: Session } | undefined
  const odd = createOddities(server, log)
  const levels = createLogLevels((level) => tell('logging/setLevel', { level }))
  const resources = createWatched<undefined>({
    apply(added, removed) {
      if (!current || !tellsOfResources(current.session)) return
      listen(current.link, current.session)
      if (current.session.dialect.era === 'modern') return
      for (const uri of removed) tell('resources/unsubscribe', { uri })
      for (const uri of added) tell('resources/subscribe', { uri })
    },
    odd,
  })
  const tasks = createWatched<JsonObject>({
    apply(added) {
      if (!current || !answersWithTasks(current.session)) return
      listen(current.link, current.session)
      for (const taskId of added) void look(taskId)
    },
    odd,
  })

  function listen(link: Link, session: Session): void {
    link.listen({
      changes: changesOf(session),
      uris: tellsOfResources(session) ? resources.take() : [],
      tasks: answersWithTasks(session) ? tasks.take() : [],
    })
  }
  function tell(method: string, params: JsonObject): void {
    if (!current) return
    void ask({ link: current.link, clock }, method, params, ASK_MS).then((answer) => {
      if (!answer.allowed || answer.value.kind === 'error') odd(`${method}, which it did not answer with a result`)
    })
  }
  /** What happened to the task before it was listened for. */
  async function look(taskId: string): Promise<void> {
    if (!current) return
    const answer = await ask({ link: current.link, clock }, 'tasks/get', { taskId }, ASK_MS, NEEDS_TASKS)
    if (answer.allowed && answer.value.kind === 'result') taskChanged({ ...answer.value.result, taskId })
  }
  function updated(uri: string | undefined): void {
    resources.tell((name) => uri === undefined || isWithin(uri, name), undefined)
  }
  function taskChanged(told: JsonObject): void {
    const { resultType: _, _meta: __, ...task } = told
    tasks.tell((name) => name === task.taskId, task)
  }

  return {
    begin(link, session) {
      current = { link, session }
      listen(link, session)
      if (session.dialect.era === 'legacy') {
        if (session.capabilities.logging !== undefined) levels.renew()
        if (tellsOfResources(session)) for (const uri of resources.take()) tell('resources/subscribe', { uri })
      }
      // Whatever changed while there was no session, nobody heard of.
      updated(undefined)
      if (answersWithTasks(session)) for (const taskId of tasks.take()) void look(taskId)
    },
    want(level) {
      // A modern one is told with each request.
      if (current?.session.dialect.era === 'legacy' && current.session.capabilities.logging !== undefined) levels.want(level)
    },
    watch: resources.watch,
    watchTask: tasks.watch,
    updated,
    taskChanged,
    close() {
      current = undefined
      levels.close()
      resources.close()
      tasks.close()
    },
  }
}

/** Which lists it says that it announces changes of. */
function changesOf({ capabilities }: Session): ListKind[] {
  return (['tools', 'prompts', 'resources'] as const).filter((kind) => (capabilities[kind] as JsonObject | undefined)?.listChanged === true)
}

/** What has changed may be a part of what is watched (2025-11-25 schema §ResourceUpdatedNotification). */
const isWithin = (uri: string, watched: string): boolean =>
  uri === watched || (uri.startsWith(watched) && (watched.endsWith('/') || '/#?'.includes(uri.charAt(watched.length))))

/** The extension is of 2026-07-28: what legacy servers call tasks is another thing. */
export const answersWithTasks = ({ dialect, capabilities: { extensions } }: Session): boolean =>
  dialect.era === 'modern' && isObject(extensions) && extensions[TASKS] !== undefined

export const tellsOfResources = ({ capabilities: { resources } }: Session): boolean => isObject(resources) && resources.subscribe === true
