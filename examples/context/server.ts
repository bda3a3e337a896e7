// Keeps a model's context small, apart and short-lived: references instead of documents, parts instead of wholes, and what somebody
// has opened is theirs alone and forgotten in minutes. Why, and what holds: docs/context.md.

import { randomUUID } from 'node:crypto'
import { MCPServer, ToolError, tool } from 'sallyport'

const library: ReadonlyMap<string, string> = new Map([
  ['handbook', Array.from({ length: 5_000 }, (_, line) => `Line ${line + 1} of the handbook.`).join('\n')],
  ['minutes', Array.from({ length: 800 }, (_, line) => `Line ${line + 1} of the minutes.`).join('\n')],
])

/** What is open: whose it is, and until when. A handle proves nothing by itself. */
const open = new Map<string, { readonly owner: string; readonly lines: readonly string[]; readonly until: number }>()
export const forgetAfterMs: number = Number(process.env['FORGET_AFTER_MS'] ?? 10 * 60_000)
const owner = ({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string => JSON.stringify([issuer, subject])
const title = { type: 'string', maxLength: 64 } as const
const documentId = { type: 'string', format: 'uuid', maxLength: 36 } as const

const openDocument = tool({
  name: 'open_document',
  description: 'Opens a document and answers a reference to it, with its length and first line',
  permissions: { requiredScopes: ['tools:read'] },
  parameters: { type: 'object', properties: { title }, required: ['title'] },
  execute({ title }, { principal }) {
    const text = library.get(title)
    if (text === undefined) throw new ToolError('There is no document of that title.')
    const id = randomUUID()
    const lines = text.split('\n')
    open.set(id, { owner: owner(principal), lines, until: Date.now() + forgetAfterMs })
    setTimeout(() => open.delete(id), forgetAfterMs).unref()
    return { documentId: id, lines: lines.length, firstLine: lines[0] }
  },
})

const readDocument = tool({
  name: 'read_document',
  description: 'Some lines of an open document',
  permissions: { requiredScopes: ['tools:read'] },
  parameters: {
    type: 'object',
    properties: { documentId, from: { type: 'integer', minimum: 1 }, count: { type: 'integer', minimum: 1, maximum: 50 } },
    required: ['documentId', 'from'],
  },
  execute({ documentId, from, count = 20 }, { principal }) {
    const document = open.get(documentId)
    // Somebody else's is answered like one that never was.
    if (!document || document.owner !== owner(principal) || document.until < Date.now()) throw new ToolError('No such document is open.')
    return document.lines.slice(from - 1, from - 1 + count).join('\n')
  },
})

export const server = new MCPServer({
  name: 'library',
  port: Number(process.env['PORT'] ?? 7777),
  tools: [openDocument, readDocument],
  // Nothing larger reaches a model, whatever a tool answers.
  limits: { resultBytes: 16 * 1024 },
})

if (import.meta.main) await server.listen()
