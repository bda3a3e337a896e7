// Tools that ask the caller for one thing before they answer, each written once for both revisions.

import { type CallContext, listRoots, type ToolDefinition, tool } from '../../../src/index.ts'
import { CHOICES, DEFAULTS } from '../forms.ts'
import { accepted, ask, askModel, askName } from './questions.ts'

const text = { type: 'string', maxLength: 1_000 } as const

export const roundTools: readonly ToolDefinition[] = [
  tool({
    name: 'test_elicitation',
    description: 'Asks for a name and an address',
    parameters: { type: 'object', properties: { message: text }, required: ['message'] },
    execute({ message }, context) {
      const fields = { username: { type: 'string' }, email: { type: 'string' } }
      return filledIn('User response', context, () => ask(message, fields, ['username', 'email']))
    },
  }),
  tool({
    name: 'test_elicitation_sep1034_defaults',
    description: 'Asks with a default for each type',
    execute: (_, context) => filledIn('Elicitation completed', context, () => ask('Check these values', DEFAULTS)),
  }),
  tool({
    name: 'test_elicitation_sep1330_enums',
    description: 'Asks with each form of choice',
    execute: (_, context) => filledIn('Elicitation completed', context, () => ask('Choose', CHOICES)),
  }),
  tool({
    name: 'test_sampling',
    description: 'Asks the model of the client',
    parameters: { type: 'object', properties: { prompt: text }, required: ['prompt'] },
    execute: ({ prompt }, context) => sampled('answer', context, () => askModel(prompt, 100)),
  }),
  tool({
    name: 'test_input_required_result_sampling',
    description: 'Asks the model for a capital',
    execute: (_, context) => sampled('capital_question', context, () => askModel('What is the capital of France?', 100)),
  }),
  tool({
    name: 'test_missing_capability',
    description: 'Cannot work without sampling',
    execute: (_, context) => sampled('answer', context, () => askModel('Say something', 10)),
  }),
  ...['test_input_required_result_elicitation', 'test_streaming_elicitation'].map((name) =>
    tool({
      name,
      description: 'Asks for a name',
      execute(_, context) {
        const given = accepted(context.answers['user_name'])
        return given ? `Hello, ${String(given['name'])}!` : context.ask({ user_name: askName })
      },
    }),
  ),
  tool({
    name: 'test_input_required_result_list_roots',
    description: 'Asks for the roots',
    execute(_, context) {
      const given = context.answers['client_roots'] as { readonly roots: readonly { readonly uri: string }[] } | undefined
      return given ? `Roots: ${given.roots.map(({ uri }) => uri).join(', ')}` : context.ask({ client_roots: listRoots() })
    },
  }),
]

type Question = Parameters<CallContext['ask']>[0][string]

function filledIn(label: string, context: CallContext, question: () => Question): unknown {
  const given = context.answers['answer']
  if (!given) return context.ask({ answer: question() })
  return `${label}: action=${String(given['action'])}, content=${JSON.stringify(given['content'] ?? {})}`
}

function sampled(key: string, context: CallContext, question: () => Question): unknown {
  const given = context.answers[key]
  return given ? `LLM response: ${JSON.stringify(given['content'])}` : context.ask({ [key]: question() })
}
