// Tools that ask for more than one thing, or carry something from one round to the next. What they carry is sealed on its way by the
// server: here it is a plain value.

import { listRoots, type ToolDefinition, tool } from '../../../src/index.ts'
import { accepted, ask, askModel, askName } from './questions.ts'

const askOk = ask('Please confirm', { ok: { type: 'boolean' } }, ['ok'])

export const statefulTools: readonly ToolDefinition[] = [
  ...['test_input_required_result_request_state', 'test_input_required_result_tampered_state'].map((name) =>
    tool({
      name,
      description: 'Asks to confirm, and remembers that it did',
      execute(_, context) {
        const held = context.state as { readonly tool: string } | undefined
        if (held?.tool === name && accepted(context.answers['confirm'])) return 'state-ok'
        return context.ask({ confirm: askOk }, { tool: name })
      },
    }),
  ),
  tool({
    name: 'test_input_required_result_multiple_inputs',
    description: 'Asks for three things at once',
    execute(_, context) {
      const wanted = { user_name: askName, greeting: askModel('Generate a greeting', 50), client_roots: listRoots() }
      if (Object.keys(wanted).every((key) => context.answers[key])) return 'All three were answered.'
      return context.ask(wanted, { asked: Object.keys(wanted) })
    },
  }),
  tool({
    name: 'test_input_required_result_multi_round',
    description: 'Asks twice, one after the other',
    execute(_, context) {
      const [first, second] = [accepted(context.answers['step1']), accepted(context.answers['step2'])]
      if (first && second) return `${String(first['name'])} likes ${String(second['color'])}.`
      if (!first) return context.ask({ step1: ask('Step 1: What is your name?', { name: { type: 'string' } }, ['name']) }, { step: 1 })
      return context.ask({ step2: ask('Step 2: What is your favorite color?', { color: { type: 'string' } }, ['color']) }, { step: 2 })
    },
  }),
  tool({
    name: 'test_input_required_result_capabilities',
    description: 'Asks only for what the client can do',
    execute(_, context) {
      const { elicitation, sampling } = context.capabilities
      const wanted = {
        ...(elicitation === undefined ? {} : { user_name: askName }),
        ...(sampling === undefined ? {} : { greeting: askModel('Generate a greeting', 50) }),
      }
      if (Object.keys(wanted).length === 0) return 'This client can do neither.'
      return Object.keys(wanted).every((key) => context.answers[key]) ? 'Everything was answered.' : context.ask(wanted)
    },
  }),
]
