/**
 * Does what was approved, within a deadline and while the caller is there.
 *
 *   authenticate → read → limit → authorize → validate → approve → [execute] → release
 *
 * An entry's executor runs a function or asks an upstream; the protocol's own methods are answered by the table given.
 * Fails closed: past the deadline, or when the caller has gone, the work is told to stop and its result is not waited for.
 *
 * @module
 */

import type { OwnMethod } from '../catalogue/index.ts'
import {
  type Approved,
  allow,
  begun,
  type Clock,
  type Decision,
  deny,
  type Executed,
  executed,
  type Outgoing,
  type Produced,
  principalKey,
} from '../core/index.ts'
import { RunningCall } from './running-call.ts'

export interface ExecuteOptions {
  /** The protocol's own methods have no deadline: a subscription lasts. */
  readonly own: (method: string) => OwnMethod | undefined
  readonly deadlineSeconds: number
  /** How many calls of one principal may run at once. */
  readonly concurrency: number
  readonly clock: Clock
  /** What a notification looks like once it may leave (`guards/release`). */
  readonly releaseNotification: (notification: Outgoing) => Outgoing | undefined
}

const ignored: Decision<Produced> = allow({ kind: 'result', result: {} })

export function createExecute({ own, deadlineSeconds, concurrency, clock, releaseNotification }: ExecuteOptions) {
  const running = new Map<string, number>()

  return function execute(request: Approved): Decision<Executed> | Promise<Decision<Executed>> {
    const { entry, message } = request
    if (!entry) {
      const notify = (notification: Outgoing): void => {
        const fit = releaseNotification(notification)
        if (fit) request.send(fit)
      }
      const produced = own(message.method)?.(request, notify) ?? ignored
      return produced instanceof Promise ? produced.then((outcome) => settle(request, outcome)) : settle(request, produced)
    }
    const who = principalKey(request.principal)
    const count = running.get(who) ?? 0
    if (count >= concurrency)
      return deny({ reason: 'overloaded', problem: `This caller has ${concurrency} calls running already: wait for one to end.` })
    const call = new RunningCall(request, entry, clock() + deadlineSeconds * 1000, releaseNotification)
    const produced = entry.executor.execute(begun(request, call))
    if (!(produced instanceof Promise)) return settle(request, produced)
    running.set(who, count + 1)
    return bounded(request, call, produced, deadlineSeconds).finally(() => {
      const left = (running.get(who) ?? 1) - 1
      if (left > 0) running.set(who, left)
      else running.delete(who)
    })
  }
}

const settle = (request: Approved, outcome: Decision<Produced>): Decision<Executed> =>
  outcome.allowed ? allow(executed(request, outcome.value)) : outcome

function bounded(
  request: Approved,
  call: RunningCall,
  work: Promise<Decision<Produced>>,
  deadlineSeconds: number,
): Promise<Decision<Executed>> {
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
        resolve(settle(request, outcome))
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error('The executor threw something that is not an error.'))
      },
    )
  })
}
