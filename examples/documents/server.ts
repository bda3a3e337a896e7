// Documents by reference: a call carries an id or the URI of what its caller has put here, and the tool gets what is there. Nobody reads
// what is not theirs, and what was put is forgotten in minutes. Why, and what holds: docs/references.md.

import { MCPServer, resourceTemplate, tool } from 'sallyport'

/** What the office has, and who may read it. */
const shelf: ReadonlyMap<string, { readonly of: string; readonly text: string }> = new Map([
  ['doc-123', { of: 'everybody', text: 'Minutes of Monday. All agreed. Nothing else was said.' }],
  ['doc-456', { of: 'finance', text: 'Salaries of all of us.' }],
])

const documents = resourceTemplate({
  uriTemplate: 'docs://{shelf}/{id}',
  name: 'Documents',
  mimeType: 'text/plain',
  // The documents of a shelf are for those who have its role.
  permissions: { requiredScopes: ['tools:execute'], when: 'args.shelf == "everybody" || args.shelf in principal.roles' },
  read({ shelf: of, id }) {
    const document = shelf.get(id)
    return document?.of === of ? document.text : undefined
  },
})

const analyze = tool({
  name: 'analyze_document',
  description: 'Counts the words of a document',
  parameters: {
    type: 'object',
    properties: { documentId: { type: 'string', resourceRef: { mimeTypes: ['text/*'], maxBytes: 1_000_000 } } },
    required: ['documentId'],
  },
  execute: ({ documentId }) => ({ name: documentId.name ?? documentId.uri, words: documentId.text?.split(/\s+/).length ?? 0 }),
})

export const server = new MCPServer({
  name: 'documents',
  port: Number(process.env['PORT'] ?? 7777),
  tools: [analyze],
  resourceTemplates: [documents],
  // A document that somebody sends all the same is refused with a sentence that says what to do.
  limits: { argumentBytes: 64 * 1024, references: { stored: 8, ttlSeconds: 600 } },
})

if (import.meta.main) await server.listen()
