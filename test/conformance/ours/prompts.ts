// Prompts that the suite lists, gets and completes.

import { type PromptDefinition, prompt } from '../../../src/index.ts'
import { PNG } from '../fixture/content.ts'
import { accepted, ask } from './questions.ts'
import { suggest } from './words.ts'

const argument = (description: string) => ({ type: 'string', maxLength: 1_000, description }) as const

export const prompts: readonly PromptDefinition[] = [
  prompt({
    name: 'test_simple_prompt',
    description: 'Has no arguments',
    template: 'This is a simple prompt for testing.',
  }),
  prompt({
    name: 'test_prompt_with_arguments',
    description: 'Has two arguments',
    parameters: {
      type: 'object',
      properties: { arg1: argument('First test argument'), arg2: argument('Second test argument') },
      required: ['arg1', 'arg2'],
    },
    complete: { arg1: suggest },
    render: ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
  }),
  prompt({
    name: 'test_prompt_with_embedded_resource',
    description: 'Embeds a resource',
    parameters: { type: 'object', properties: { resourceUri: argument('URI of the resource to embed') }, required: ['resourceUri'] },
    render: ({ resourceUri: uri }) => [
      {
        role: 'user',
        content: { type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
      },
      { role: 'user', content: { type: 'text', text: 'Please process the embedded resource above.' } },
    ],
  }),
  prompt({
    name: 'test_prompt_with_image',
    description: 'Shows an image',
    render: () => [
      { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
      { role: 'user', content: { type: 'text', text: 'Please analyze the image above.' } },
    ],
  }),
  prompt({
    name: 'test_input_required_result_prompt',
    description: 'Asks for context first',
    render(_, context) {
      const given = accepted(context.answers['user_context'])
      if (given) return `Use this context: ${String(given['context'])}`
      return context.ask({ user_context: ask('What context should the prompt use?', { context: { type: 'string' } }, ['context']) })
    },
  }),
]
