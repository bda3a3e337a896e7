// A tool and a prompt that come and go, and the two tools that make them: whoever follows the server's lists must notice.

import { type Definitions, type PromptDefinition, prompt, type ToolDefinition, tool } from '../../../src/index.ts'

export interface Always {
  readonly tools: readonly ToolDefinition[]
  readonly prompts: readonly PromptDefinition[]
}

export interface Sometimes {
  /** What there is now: everything that is always there, and what is there at the moment. */
  definitions(): Always
}

export function createSometimes(update: (definitions: Definitions) => Promise<void>, always: Always): Sometimes {
  const name = 'test_sometimes'
  const shown = { tool: false, prompt: false }
  const here = tool({ name, description: 'Is not always there', execute: () => 'here' })
  const said = prompt({ name, description: 'Is not always there', template: 'here' })
  const flip = (kind: keyof typeof shown): ToolDefinition =>
    tool({
      name: `test_trigger_${kind}_change`,
      description: `Adds a ${kind}, or takes it away`,
      async execute() {
        shown[kind] = !shown[kind]
        const { tools, prompts } = sometimes.definitions()
        await update(kind === 'tool' ? { tools } : { prompts })
        return 'changed'
      },
    })
  const triggers = [flip('tool'), flip('prompt')]

  const sometimes: Sometimes = {
    definitions: () => ({
      tools: [...always.tools, ...triggers, ...(shown.tool ? [here] : [])],
      prompts: [...always.prompts, ...(shown.prompt ? [said] : [])],
    }),
  }
  return sometimes
}
