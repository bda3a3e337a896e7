/**
 * Does what was approved, within a deadline and while the caller is there.
 *
 *   authenticate → read → limit → authorize → validate → approve → [execute] → release
 *
 * An entry's executor runs a function or asks an upstream; the protocol's own methods are answered by the table given.
 * Work that needs something of the caller first goes on in `guards/rounds`. Fails closed: past the deadline, or when the
 * caller has gone, the work is told to stop and its result is not waited for. It keeps its place until it has stopped: one that
 * never does takes it from its own caller, and from its own tool, for ever.
 *
 * @module
 */

import type { OwnMethod } from '../catalogue/index.ts'
import {
  type Approved,
  allow,
  atTurnEnd,
  begun,
  type Call,
  type Clock,
  createTally,
  type Decision,
  deny,
  type Entry,
  type Executed,
  type Execution,
  executed,
  type Final,
  type Input,
  isFinal,
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
  readonly releaseMessage: (message: Outgoing, entry?: Entry) => Outgoing | undefined
}

/** Has an entry, which says whether it is allowed, and is answered by us. */
const SUBSCRIBE = 'resources/subscribe'
/** What a request has begun, which may go on when it has been answered. */
interface Work {
  /** The run that was begun last: those before it have ended. */
  isRunning: boolean
  /** Called when it ends. */
  onEnd: (() => void) | undefined
}
const ignored: Decision<Final> = allow({ kind: 'result', result: {} })

export function createExecute(options: ExecuteOptions) {
  const { own, deadlineSeconds, rounds, tasks, taskGate, enter, concurrency, clock, releaseMessage } = options
  const places = createTally()

  /** One run of the executor, or its rest. Each has a deadline of its own: a person who is asked in between may think. */
  function run(request: Approved, entry: Entry, input: Input | undefined, resume: Resume | undefined, work: Work): Execution {
    const seconds = entry.limits?.deadlineSeconds ?? deadlineSeconds
    const call = new RunningCall(request, entry, input, clock() + seconds * 1000, releaseMessage, taskGate.inward(request))
    // What was only waiting has run all along: to refuse its rest would only lose it.
    const leave = resume || mayBecomeTask(request, entry) ? undefined : enter(entry)
    if (leave && typeof leave !== 'function') return deny(leave)
    let isRunning = false
    try {
      const approved = begun(request, call)
      const produced = resume && input ? resume(input.latest, approved) : perform(request, entry, approved)
      if (!(produced instanceof Promise)) return produced
      isRunning = true
      work.isRunning = true
      if (leave) produced.then(leave, leave)
      return bounded(request, call, produced, seconds, work)
    } finally {
      if (!isRunning) leave?.()
    }
  }

  /** A task takes its place itself, and keeps it for longer. */
  function mayBecomeTask({ message }: Approved, { executor }: Entry): boolean {
    return executor.task !== undefined && takesTasks(message)
  }

  function perform(request: Approved, { executor }: Entry, call: Call): Execution {
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
    const leave = places.take(principalKey(request.principal), concurrency)
    if (!leave) return deny({ reason: 'overloaded', problem: `This caller has ${concurrency} calls running already: wait for one to end.` })
    let isRunning = false
    try {
      const work: Work = { isRunning: false, onEnd: undefined }
      const produced = request.input ? rounds.begin(request, again(request, entry, work)) : run(request, entry, undefined, undefined, work)
      if (!(produced instanceof Promise) && isFinal(produced)) return settle(request, produced)
      isRunning = true
      return finish(request, entry, produced, work, leave)
    } finally {
      if (!isRunning) leave()
    }
  }

  /** Asks the caller where the work wants that, as often as it does. */
  async function finish(request: Approved, entry: Entry, produced: Execution, work: Work, leave: () => void): Promise<Decision<Executed>> {
    try {
      const outcome = await produced
      if (!outcome.allowed) return outcome
      const { value } = outcome
      return settle(request, value.kind === 'input' ? await rounds.further(request, value, again(request, entry, work)) : allow(value))
    } finally {
      if (work.isRunning) work.onEnd = leave
      else leave()
    }
  }

  function again(request: Approved, entry: Entry, work: Work): Run {
    return (input, resume) => run(request, entry, input, resume, work)
  }

  function settle(request: Approved, outcome: Decision<Final>): Decision<Executed> {
    if (!outcome.allowed) return outcome
    const shown = taskGate.outward(request, outcome.value) ?? outcome
    return shown.allowed ? allow(executed(request, shown.value)) : shown
  }
}

/**
 * Its outcome, unless the deadline passes or the caller goes away before. Most work ends within its turn of the event loop, and a
 * timer costs more than it does: what is still running at the end of the turn is looked after from then on.
 */
function bounded(
  request: Approved,
  call: RunningCall,
  produced: Promise<Decision<Produced>>,
  seconds: number,
  work: Work,
): Promise<Decision<Produced>> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    let hasEnded = false
    const stop = (outcome: Decision<never>): void => {
      clearTimeout(timer)
      resolve(outcome)
      call.abort()
    }
    const ended = (): void => {
      hasEnded = true
      clearTimeout(timer)
      work.isRunning = false
      work.onEnd?.()
    }
    atTurnEnd(() => {
      if (hasEnded) return
      timer = setTimeout(stop, seconds * 1000, deny({ reason: 'deadline_exceeded', seconds }))
      request.onCancel(() => stop(deny({ reason: 'cancelled' })))
    })
    produced.then(
      (outcome) => {
        ended()
        resolve(outcome)
      },
      (error: unknown) => {
        ended()
        reject(error instanceof Error ? error : new Error('The executor threw something that is not an error.'))
      },
    )
  })
}
