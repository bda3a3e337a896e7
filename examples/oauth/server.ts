// A guarded server with OAuth from the start: nobody is known, and nobody can do anything, until somebody signs in.
//
//   node examples/oauth/server.ts        prints a link to make the owner's account, then connect any MCP client to the URL

import { MCPServer, tool } from 'sallyport'

const notes = new Map<string, string>([['welcome', 'Everything here was asked for by somebody who may ask.']])
const name = { type: 'string', maxLength: 64, pattern: '^[a-z0-9-]+$' } as const

/** Whoever was granted `tools:read` may call this: the consent page lists it under "can read". */
const readNote = tool({
  name: 'read_note',
  description: 'Reads a note',
  annotations: { readOnlyHint: true },
  permissions: { requiredScopes: ['tools:read'] },
  parameters: { type: 'object', properties: { name }, required: ['name'] },
  execute: ({ name }) => notes.get(name) ?? 'There is no such note.',
})

/** Declares nothing, so it needs `tools:execute`. A client that was granted less is sent back to ask for more. */
const writeNote = tool({
  name: 'write_note',
  description: 'Writes a note',
  parameters: { type: 'object', properties: { name, text: { type: 'string', maxLength: 4096 } }, required: ['name', 'text'] },
  execute({ name, text }, { principal }) {
    notes.set(name, text)
    return `Written by ${principal.subject}.`
  },
})

/** For people with a role, whatever their client was granted; and only for small amounts. */
const deleteNotes = tool({
  name: 'delete_notes',
  description: 'Deletes notes',
  annotations: { destructiveHint: true },
  permissions: { requiredScopes: ['tools:execute'], requiredRoles: ['owner'], when: 'size(args.names) <= 3' },
  parameters: { type: 'object', properties: { names: { type: 'array', items: name, maxItems: 100 } }, required: ['names'] },
  execute: ({ names }) => `Deleted ${names.filter((each) => notes.delete(each)).length}.`,
})

export const server = new MCPServer({
  name: 'notes',
  version: '1.0.0',
  port: Number(process.env['PORT'] ?? 7777),
  tools: [readNote, writeNote, deleteNotes],
  rateLimit: { windowMs: 60_000, max: 300 },
})

if (import.meta.main) {
  await server.listen()
  process.once('SIGINT', () => void server.close())
}
