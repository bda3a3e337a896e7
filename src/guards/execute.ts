/**
 * Does what was approved, within a deadline and while the caller is there.
 *
 *   authenticate → read → limit → authorize → validate → approve → [execute] → release
 *
 * An entry's executor runs a function or asks an upstream; the protocol's own methods are answered by the table given.
 * Work that needs something of the caller first goes on in `guards/rounds`. Fails closed: past the deadline, or when the
 * caller has gone, the work is told to stop and its result is not waited for.
 *
 * @module
 */

import type { OwnMethod } from '../catalogue/index.ts'
import {
  type Approved,
  allow,
  begun,
  type Call,
  type Clock,
  type Decision,
  deny,
  type Entry,
  type Executed,
  executed,
  type Final,
  type Input,
  type Outgoing,
  type Produced,
  principalKey,
  type Resume,
} from '../core/index.ts'
import { takesTasks } from '../protocol/index.ts'
import type { EntryConcurrency } from './concurrency.ts'
import type { Rounds, Run } from './rounds.ts'
import { RunningCall } from './running-call.ts'
import type { TaskGate, Tasks } from './tasks/index.ts'

export interface ExecuteOptions {
  /** The protocol's own methods have no deadline: a subscription lasts. */
  readonly own: (method: string) => OwnMethod | undefined
  readonly deadlineSeconds: number
  readonly rounds: Rounds
  readonly tasks: Tasks
  readonly taskGate: TaskGate
  /** Takes a place where an entry has a bound on how many there are. */
  readonly enter: EntryConcurrency['enter']
  /** How many calls of one principal may run at once. */
  readonly concurrency: number
  readonly clock: Clock
  /** What a message looks like once it may leave (`guards/release`). */
  readonly releaseMessage: (message: Outgoing) => Outgoing | undefined
}

/** Has an entry, which says whether it is allowed, and is answered by us. */
const SUBSCRIBE = 'resources/subscribe'
const ignored: Decision<Produced> = allow({ kind: 'result', result: {} })

export function createExecute(options: ExecuteOptions) {
  const { own, deadlineSeconds, rounds, tasks, taskGate, enter, concurrency, clock, releaseMessage } = options
  const running = new Map<string, number>()

  /** One run of the executor, or its rest. Each has a deadline of its own: a person who is asked in between may think. */
  function run(
    request: Approved,
    entry: Entry,
    input: Input | undefined,
    resume: Resume | undefined,
  ): Decision<Produced> | Promise<Decision<Produced>> {
    const seconds = entry.limits?.deadlineSeconds ?? deadlineSeconds
    const call = new RunningCall(request, entry, input, clock() + seconds * 1000, releaseMessage, taskGate.inward(request))
    // What was only waiting has run all along: to refuse its rest would only lose it.
    const leave = resume || mayBecomeTask(request, entry) ? undefined : enter(entry)
    if (leave && typeof leave !== 'function') return deny(leave)
    let work: Promise<Decision<Produced>> | undefined
    try {
      const approved = begun(request, call)
      const produced = resume && input ? resume(input.latest, approved) : perform(request, entry, approved)
      if (!(produced instanceof Promise)) return produced
      work = bounded(request, call, produced, seconds)
    } finally {
      if (!work) leave?.()
    }
    return leave ? work.finally(leave) : work
  }

  /** A task takes its place itself, and keeps it for longer. */
  function mayBecomeTask({ message }: Approved, { executor }: Entry): boolean {
    return executor.task !== undefined && takesTasks(message)
  }

  function perform(request: Approved, { executor }: Entry, call: Call): Decision<Produced> | Promise<Decision<Produced>> {
    return executor.task ? tasks.execute(call, executor.task, takesTasks(request.message)) : executor.execute(call)
  }

  return function execute(request: Approved): Decision<Executed> | Promise<Decision<Executed>> {
    const { entry, message } = request
    if (!entry || message.method === SUBSCRIBE) {
      const notify = (notification: Outgoing): void => {
        const fit = releaseMessage(notification)
        if (fit) request.send(fit)
      }
      const produced = own(message.method)?.(request, notify) ?? ignored
      return produced instanceof Promise ? produced.then((outcome) => settle(request, outcome)) : settle(request, produced)
    }
    const who = principalKey(request.principal)
    const count = running.get(who) ?? 0
    if (count >= concurrency)
      return deny({ reason: 'overloaded', problem: `This caller has ${concurrency} calls running already: wait for one to end.` })
    const produced = request.input ? rounds.begin(request, again(request, entry)) : run(request, entry, undefined, undefined)
    if (!(produced instanceof Promise) && !(produced.allowed && produced.value.kind === 'input')) return settle(request, produced)
    running.set(who, count + 1)
    return finish(request, entry, produced, who)
  }

  /** Asks the caller where the work wants that, as often as it does. */
  async function finish(
    request: Approved,
    entry: Entry,
    produced: Decision<Produced> | Promise<Decision<Produced>>,
    who: string,
  ): Promise<Decision<Executed>> {
    try {
      const outcome = await produced
      if (!outcome.allowed || outcome.value.kind !== 'input') return settle(request, outcome)
      return settle(request, await rounds.further(request, outcome.value, again(request, entry)))
    } finally {
      const left = (running.get(who) ?? 1) - 1
      if (left > 0) running.set(who, left)
      else running.delete(who)
    }
  }

  function again(request: Approved, entry: Entry): Run {
    return (input, resume) => run(request, entry, input, resume)
  }

  /** Only `rounds` sees what asks for input, and lets none of it through. */
  function settle(request: Approved, outcome: Decision<Produced>): Decision<Executed> {
    if (!outcome.allowed) return outcome
    const produced = outcome.value as Final
    const shown = taskGate.outward(request, produced)
    if (shown && !shown.allowed) return shown
    return allow(executed(request, shown ? shown.value : produced))
  }
}

function bounded(
  request: Approved,
  call: RunningCall,
  work: Promise<Decision<Produced>>,
  deadlineSeconds: number,
): Promise<Decision<Produced>> {
  return new Promise((resolve, reject) => {
    const stop = (outcome: Decision<never>): void => {
      clearTimeout(timer)
      resolve(outcome)
      call.abort()
    }
    const timer = setTimeout(stop, deadlineSeconds * 1000, deny({ reason: 'deadline_exceeded', seconds: deadlineSeconds }))
    request.onCancel(() => stop(deny({ reason: 'cancelled' })))
    work.then(
      (outcome) => {
        clearTimeout(timer)
        resolve(outcome)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error('The executor threw something that is not an error.'))
      },
    )
  })
}
