// What is personal stays so: a card that only the tool sees in clear, customers of whom no more leaves than is needed, a ledger that is
// read in parts by who asked for it, and calls that are on record with their arguments, until somebody is forgotten.
//
//   node examples/private-data/server.ts

import { MCPServer, tool } from 'sallyport'

const customers: ReadonlyMap<string, { name: string; email: string; card: string; notes: string }> = new Map([
  ['ana', { name: 'Ana', email: 'ana.of.the.harbour@example.com', card: '4111 1111 1111 1111', notes: 'Pays on Fridays.' }],
])
const ledger = Array.from({ length: 4_000 }, (_, line) => `${line + 1};2026-11-27;a payment of ${(line * 7) % 100} euros`).join('\n')

/** `encrypted`: the client seals it, this function gets it open, and nobody between, nor the record, has it in clear. */
const pay = tool({
  name: 'pay',
  description: 'Pays an invoice with a card',
  parameters: {
    type: 'object',
    properties: {
      invoice: { type: 'string', maxLength: 32 },
      card: { type: 'string', maxLength: 23, pattern: '^[0-9 ]+$', encrypted: true },
    },
    required: ['invoice', 'card'],
  },
  outputSchema: {
    type: 'object',
    properties: { paid: { type: 'boolean' }, receipt: { type: 'string', encrypted: true } },
    required: ['paid', 'receipt'],
  },
  execute: ({ invoice, card }) => ({ paid: true, receipt: `${invoice} was paid with the card that ends in ${card.slice(-4)}` }),
})

/** `release`: of all that is known only these fields leave, and an address as a sign that stands for it. */
const findCustomer = tool({
  name: 'find_customer',
  description: 'Finds a customer',
  permissions: { requiredScopes: ['tools:read'] },
  parameters: { type: 'object', properties: { id: { type: 'string', maxLength: 32 } }, required: ['id'] },
  release: { only: ['/name', '/email'], personal: { email: 'tokenise' } },
  execute: ({ id }) => customers.get(id) ?? {},
})

/** Too large to send: its caller gets the beginning and a link, and reads the part that is needed. */
const exportLedger = tool({
  name: 'export_ledger',
  description: 'All payments, a line each',
  permissions: { requiredScopes: ['tools:read'] },
  execute: () => ledger,
})

export const server = new MCPServer({
  name: 'payments',
  port: Number(process.env['PORT'] ?? 7777),
  tools: [pay, findCustomer, exportLedger],
  results: { maxBytes: 16_384, keepSeconds: 600 },
  audit: { arguments: 'sealed' },
  retention: { auditArguments: '7d' },
})

if (import.meta.main) await server.listen()
