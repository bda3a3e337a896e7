// A model that needs ten answers to say one thing writes the code for it: one call that uses ten tools, of which only the answer leaves. The
// code runs in a sandbox, and can do nothing but what its caller could do by calling the tools.
//
//   node examples/code/server.ts

import { MCPServer, tool } from 'sallyport'

interface Order {
  readonly id: number
  readonly customer: string
  readonly euros: number
  readonly items: string[]
}
const customers = ['ana', 'ben', 'eva', 'kim', 'lou', 'mia', 'noa', 'oli', 'pia', 'rui']
const orders: readonly Order[] = Array.from({ length: 2_000 }, (_, id) => ({
  id,
  customer: customers[id % customers.length] as string,
  euros: (id * 37) % 500,
  items: Array.from({ length: 5 }, (__, item) => `article ${(id + item * 13) % 400}`),
}))

/** Two hundred orders, some eight thousand tokens: of no use to a model that only wants to know who spends most. */
const listOrders = tool({
  name: 'list_orders',
  description: 'All orders of a customer',
  permissions: { requiredScopes: ['tools:read'] },
  annotations: { readOnlyHint: true },
  parameters: { type: 'object', properties: { customer: { type: 'string', maxLength: 32 } }, required: ['customer'] },
  outputSchema: {
    type: 'object',
    properties: {
      orders: {
        type: 'array',
        items: {
          type: 'object',
          properties: { id: { type: 'integer' }, euros: { type: 'number' }, items: { type: 'array', items: { type: 'string' } } },
          required: ['id', 'euros', 'items'],
        },
      },
    },
    required: ['orders'],
  },
  execute: ({ customer }) => ({
    orders: orders.filter((order) => order.customer === customer).map(({ id, euros, items }) => ({ id, euros, items })),
  }),
})

/** Needs more than most callers have, whichever way it is called. */
const cancelOrder = tool({
  name: 'cancel_order',
  description: 'Cancels an order',
  permissions: { requiredScopes: ['shop:cancel'] },
  parameters: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
  execute: ({ id }) => `order ${id} is cancelled`,
})

export const server = new MCPServer({
  name: 'shop',
  port: Number(process.env['PORT'] ?? 7777),
  tools: [listOrders, cancelOrder],
  code: { tools: ['*_order', '*_orders'], timeoutMs: 20_000, cpuSeconds: 5 },
})

if (import.meta.main) await server.listen()
