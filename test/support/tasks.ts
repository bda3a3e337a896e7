/** Tools whose calls become tasks, on the rig of `engine.ts`, and what a client of the extension does with them. */

import { setTimeout as delay } from 'node:timers/promises'
import { allow, type Call, type Decision, type Entry, type InputRequest, type Produced, type TaskSupport } from '../../src/core/index.ts'
import { say, tool } from './engine.ts'
import { type McpClient, type McpOptions, mcp } from './mcp.ts'
import type { Json } from './sse.ts'

type Outcome = Decision<Produced> | Promise<Decision<Produced>>

/** What a client of the extension declares. */
export const TASKS = { 'io.modelcontextprotocol/tasks': {} }
export const capabilities = { elicitation: {}, extensions: TASKS }

export const done = (text: string): Decision<Produced> => allow({ kind: 'result', result: say(text) })
export const form = (field: string, schema: object = { type: 'string', maxLength: 100 }): InputRequest => ({
  method: 'elicitation/create',
  params: { message: `The ${field}?`, requestedSchema: { type: 'object', properties: { [field]: schema }, required: [field] } },
})

/** A tool whose calls become tasks. */
export function taskTool(
  name: string,
  execute: (call: Call) => Outcome,
  task: TaskSupport = { support: 'optional' },
  over: Partial<Entry> = {},
): Entry {
  return { ...tool(name, () => say('never')), executor: { execute, task }, ...over }
}

export interface TaskClient extends McpClient {
  /** Calls a tool, and answers the task's id. */
  begin(name: string, args?: object): Promise<string>
  get(taskId: string): Promise<Json>
  update(taskId: string, inputResponses: object): Promise<Json>
  cancel(taskId: string): Promise<Json>
  /** Asks until the task has one of these states, and answers it. */
  until(taskId: string, ...statuses: readonly string[]): Promise<Json>
}

export function taskClient(url: string, token: string, options: McpOptions = {}): TaskClient {
  const client = mcp(url, { token, capabilities, ...options })
  const ask = async (method: string, params: object): Promise<Json> => {
    const { result, error, status } = await client.request(method, params)
    return result ?? { ...error, status }
  }
  const get = (taskId: string): Promise<Json> => ask('tasks/get', { taskId })
  return {
    ...client,
    get,
    update: (taskId, inputResponses) => ask('tasks/update', { taskId, inputResponses }),
    cancel: (taskId) => ask('tasks/cancel', { taskId }),
    async begin(name, args = {}) {
      const { result, error } = await client.call(name, args)
      if (result?.resultType !== 'task') throw new Error(`${name} is no task: ${JSON.stringify(result ?? error)}`)
      return result.taskId
    },
    async until(taskId, ...statuses) {
      for (let waited = 0; waited < 5_000; waited += 10) {
        const task = await get(taskId)
        if (statuses.includes(task.status)) return task
        await delay(10)
      }
      throw new Error(`the task did not become ${statuses.join(' or ')}: ${JSON.stringify(await get(taskId))}`)
    },
  }
}

export const accept = (content: object): object => ({ action: 'accept', content })
