/**
 * What a client says that it can do, and what a request to it needs (2026-07-28 client features; the legacy revisions have
 * the same names). A client that was not asked about a capability does not have it.
 *
 * @module
 */

import type { InputRequest, JsonObject, Message } from '../core/index.ts'
import { isObject } from './message.ts'

/** The extension by which a call may answer with a task. */
export const TASKS = 'io.modelcontextprotocol/tasks'

/** What a client declares that may be answered with a task, ourselves towards an upstream too. */
export const NEEDS_TASKS: JsonObject = { extensions: { [TASKS]: {} } }

/** Capabilities have capabilities, and extensions have names: `elicitation.url`, `extensions["io.modelcontextprotocol/tasks"]`. */
const MAX_LEVELS = 3

export function covers(declared: JsonObject, required: JsonObject, levels: number = MAX_LEVELS): boolean {
  return Object.keys(required).every((name) => {
    if (!Object.hasOwn(declared, name)) return false
    const [has, wants] = [declared[name], required[name]]
    return levels === 1 || !isObject(wants) || covers(isObject(has) ? has : {}, wants, levels - 1)
  })
}

/**
 * Whether the caller may be answered with a task. Each request says so for itself; a legacy caller cannot, whatever it declares
 * (tasks extension §capability negotiation, SEP-2663 §backward compatibility).
 */
export const takesTasks = ({ era, capabilities }: Pick<Message, 'era' | 'capabilities'>): boolean =>
  era === 'modern' && covers(capabilities, NEEDS_TASKS)

/** What `declared` lacks of what a client must have declared before it may be sent this; undefined: nothing. */
export function lacking(declared: JsonObject, request: InputRequest): JsonObject | undefined {
  const needed = neededFor(request, declared)
  return covers(declared, needed) ? undefined : needed
}

function neededFor({ method, params }: InputRequest, { elicitation }: JsonObject): JsonObject {
  switch (method) {
    case 'elicitation/create': {
      if (params['mode'] === 'url') return { elicitation: { url: {} } }
      // An empty object means forms (2026-07-28 elicitation §capabilities).
      return isObject(elicitation) && Object.keys(elicitation).length === 0 ? { elicitation: {} } : { elicitation: { form: {} } }
    }
    case 'sampling/createMessage':
      return params['tools'] === undefined ? { sampling: {} } : { sampling: { tools: {} } }
    case 'roots/list':
      return { roots: {} }
  }
}
