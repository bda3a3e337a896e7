// Runs what a caller wrote. That is as dangerous as it looks, and stays in here: it can read no file, reach no host, start nothing, and is
// ended after a second. (For code that models write there is the tool `code`: docs/code.md.)

import { runInThisContext } from 'node:vm'

export const definition = {
  description: 'Works out a formula, such as 2 * Math.PI * 6371',
  permissions: { requiredScopes: ['tools:execute'] },
  annotations: { destructiveHint: true },
  parameters: { type: 'object', properties: { formula: { type: 'string', maxLength: 1000 } }, required: ['formula'] },
  sandbox: { timeoutMs: 1000, memoryMb: 128 },
}

export default function formula({ formula }: { readonly formula: string }): string {
  return String(runInThisContext(formula))
}
