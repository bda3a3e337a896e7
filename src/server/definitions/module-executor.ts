/**
 * Runs a tool's module in a sandbox: what it is told of a call goes in as JSON, what it answers comes out as JSON, and is shaped like
 * what a function answers.
 *
 *   Call ─▶ job ─▶ [pool] ─▶ JobEnd ─▶ an answer, a question, or a Denial
 *
 * Fails closed: of what comes out nothing is believed but that it is JSON. What it threw is opaque to the caller, unless it calls
 * itself a `ToolError`; what it was not granted, and why it was ended, are refusals in words.
 *
 * @module
 */

import {
  allow,
  type Call,
  type Decision,
  deny,
  type InputRequests,
  type JsonObject,
  type Principal,
  principalKey,
} from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { ChildError, Job, JobEnd } from '../../sandbox/index.ts'
import { RunningContext } from './context.ts'
import { InputRequired } from './input-required.ts'
import type { ModuleTool } from './module.ts'
import { stoppedBy, wasRefused } from './module-sentences.ts'
import { ToolError } from './tool-result.ts'

/** Takes a job for the children of one tool. `call`: whose job it is, for what is recorded of it. */
export type RunJob = (job: Job, call: Call) => Promise<JobEnd>
/** What a module answers: as a function does. */
export type RunModule = (call: Call) => Promise<Decision<unknown>>

export function createRunModule({ name, file, grants }: ModuleTool, run: RunJob): RunModule {
  return async function runModule(call) {
    const end = await run(toJob(call), call)
    switch (end.kind) {
      case 'done':
        return allow(toAnswer(end.value))
      case 'failed':
        return failed(end.error)
      case 'stopped':
        return deny({ reason: 'sandbox_stopped', why: end.why, sentence: stoppedBy(name, end.why, grants.limits) })
      case 'overloaded':
        return deny({ reason: 'overloaded', problem: 'Too many calls wait for this tool: try again later.' })
      case 'cancelled':
        return deny({ reason: 'cancelled' })
    }
  }

  function failed(error: ChildError): Decision<never> {
    // What the tool says to its caller itself is more than what we know.
    if (error.name === 'ToolError') throw new ToolError(error.message)
    if (error.permission)
      return deny({ reason: 'sandbox_refused', permission: error.permission, sentence: wasRefused(name, error.permission) })
    const thrown = Object.assign(new Error(error.message), { name: error.name })
    // The line stays inside. Our own stack is not where it was thrown: whoever looks it up is told the module in its place.
    if (!error.isUnconfined) thrown.stack = `${error.name}: ${error.message}\n    in the module ${file}`
    throw thrown
  }
}

function toJob(call: Call): Job {
  const { args, principal, input, capabilities, meta, logLevel } = call
  const tellsProgress = meta['progressToken'] !== undefined
  const tellsLog = logLevel !== undefined
  return {
    owner: principalKey(principal),
    message: {
      params: args,
      principal: shown(principal),
      ...(Object.keys(capabilities).length === 0 ? {} : { capabilities }),
      ...(input === undefined ? {} : { answers: input.responses, state: input.state }),
      ...(tellsProgress ? { tellsProgress } : {}),
      ...(tellsLog ? { tellsLog } : {}),
    },
    said: tellsProgress || tellsLog ? createListener(call) : undefined,
    onAbort: (listener) => call.onAbort(listener),
  }
}

const known = new WeakMap<Principal, JsonObject>()

/** Who is calling. Which credential it was is none of the module's business. */
function shown(principal: Principal): JsonObject {
  let told = known.get(principal)
  if (!told) {
    const { issuer, subject, user, clientId, scopes, roles } = principal
    known.set(principal, (told = { issuer, subject, ...(user === undefined ? {} : { user }), clientId, scopes, roles }))
  }
  return told
}

/** Progress and log messages, in the same form and with the same checks as a function's. */
function createListener(call: Call): NonNullable<Job['said']> {
  const context = new RunningContext(call)
  return ({ progress, total, message, level, data, logger }) => {
    if (typeof progress === 'number') context.progress(progress, numberOf(total), textOf(message))
    else if (typeof level === 'string') context.log(level as never, data, textOf(logger))
  }
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** @throws {TypeError} where what it asks is nothing that can be asked: a mistake of the module's. */
function toAnswer(value: unknown): unknown {
  if (!isObject(value)) return undefined
  const { ask, answer } = value
  if (!isObject(ask)) return answer
  const { requests, state } = ask
  const isFine = isObject(requests) && Object.values(requests).every((each) => isObject(each) && isObject(each['params']))
  if (!isFine) throw new TypeError('context.ask(…) takes requests by name: each with a method and params')
  return new InputRequired(requests as InputRequests, state)
}
