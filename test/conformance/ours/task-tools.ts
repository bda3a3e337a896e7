// Tools whose calls become tasks, and one whose never do.

import { setTimeout as delay } from 'node:timers/promises'
import { type ToolDefinition, ToolError, tool } from '../../../src/index.ts'
import { accepted, ask, askName } from './questions.ts'

const line = { type: 'string', maxLength: 200 } as const
const confirm = { confirm: { type: 'boolean' } }

export const taskTools: readonly ToolDefinition[] = [
  tool({
    name: 'greet',
    description: 'Says hello, at once',
    parameters: { type: 'object', properties: { name: line }, required: ['name'] },
    execute: ({ name }) => `Hello, ${name}!`,
  }),
  tool({
    name: 'slow_compute',
    description: 'Takes so many seconds',
    parameters: {
      type: 'object',
      properties: { seconds: { type: 'number', minimum: 0, maximum: 600 }, label: line },
      required: ['seconds'],
    },
    task: { support: 'optional', pollIntervalMs: 200 },
    async execute({ seconds, label = 'no label' }, { signal }) {
      await delay(seconds * 1000, undefined, { signal })
      return `${label}: ${seconds} seconds`
    },
  }),
  tool({
    name: 'failing_job',
    description: 'Fails after a while, as a tool does',
    task: 'required',
    async execute() {
      await delay(500)
      throw new ToolError('This job intentionally fails')
    },
  }),
  tool({
    name: 'protocol_error_job',
    description: 'Fails after a while, as a program does',
    task: 'required',
    async execute() {
      await delay(100)
      throw new Error('This job intentionally crashes')
    },
  }),
  tool({
    name: 'confirm_delete',
    description: 'Asks in the middle of its work',
    parameters: { type: 'object', properties: { filename: line }, required: ['filename'] },
    task: 'optional',
    execute({ filename }, context) {
      const answer = context.answers['confirm']
      if (!answer) return context.ask({ confirm: ask(`Delete ${filename}?`, confirm, ['confirm']) })
      return accepted(answer)?.['confirm'] === true ? `${filename} deleted` : `${filename} kept`
    },
  }),
  tool({
    name: 'multi_input',
    description: 'Asks for two things at once in the middle of its work',
    task: 'optional',
    execute(_, context) {
      const wanted = { first: askName, second: askName }
      return Object.keys(wanted).every((key) => context.answers[key]) ? 'Both were answered.' : context.ask(wanted)
    },
  }),
  tool({
    name: 'test_tool_with_task',
    description: 'Asks for a name first, and then works',
    task: {
      support: 'required',
      before: (_, context) => context.answers['user_name'] ?? context.ask({ user_name: askName }),
    },
    async execute(_, context) {
      await delay(100)
      return `Hello, ${String(accepted(context.answers['user_name'])?.['name'])}!`
    },
  }),
]
