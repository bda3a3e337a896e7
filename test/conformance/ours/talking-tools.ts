// Tools that tell of their work while they do it.

import { setTimeout as delay } from 'node:timers/promises'
import { type ToolDefinition, tool } from '../../../src/index.ts'

const annotations = { readOnlyHint: true }

export const talkingTools: readonly ToolDefinition[] = [
  tool({
    name: 'test_tool_with_logging',
    description: 'Logs three times while it works',
    annotations,
    async execute(_, context) {
      context.log('info', 'Tool execution started')
      await delay(50)
      context.log('info', 'Tool processing data')
      await delay(50)
      context.log('info', 'Tool execution completed')
      return 'logged three times'
    },
  }),
  tool({
    name: 'test_logging_tool',
    description: 'Logs once, if the request asked for logs',
    annotations,
    execute(_, context) {
      context.log('info', 'a log message')
      return 'logged'
    },
  }),
  tool({
    name: 'test_tool_with_progress',
    description: 'Reports progress three times',
    annotations,
    async execute(_, context) {
      context.progress(0, 100)
      await delay(50)
      context.progress(50, 100)
      await delay(50)
      context.progress(100, 100)
      return 'done'
    },
  }),
]
