// Reads one folder, and has two seconds and 128 MiB for it.

import { readFileSync } from 'node:fs'
import type { ModuleContext } from 'sallyport'

const currency = { type: 'string', pattern: '^[A-Z]{3}$', maxLength: 3 }

export const definition = {
  description: 'Converts an amount of money',
  permissions: { requiredScopes: ['tools:read'] },
  parameters: {
    type: 'object',
    properties: { amount: { type: 'number', minimum: 0, maximum: 1_000_000 }, from: currency, to: currency },
    required: ['amount', 'from', 'to'],
  },
  outputSchema: { type: 'object', properties: { converted: { type: 'number' } }, required: ['converted'] },
  sandbox: { read: ['../data'], timeoutMs: 2000, memoryMb: 128 },
}

interface Params {
  readonly amount: number
  readonly from: string
  readonly to: string
}

export default function convert({ amount, from, to }: Params, { fail }: ModuleContext): { readonly converted: number } {
  const rates = JSON.parse(readFileSync(new URL('../data/rates.json', import.meta.url), 'utf8')) as Record<string, number>
  const rate = (name: string): number => rates[name] ?? fail(`There is no rate for ${name}.`)
  return { converted: (amount / rate(from)) * rate(to) }
}
