import { type Listening, MCPServer, type MCPServerOptions, tool } from 'sallyport'

const notes = new Map<string, string>([['welcome', 'Hello']])
const name = { type: 'string', maxLength: 64, pattern: '^[a-z0-9-]+$' } as const

/** For whoever was granted `tools:read`. */
const readNote = tool({
  name: 'read_note',
  description: 'Reads a note',
  annotations: { readOnlyHint: true },
  permissions: { requiredScopes: ['tools:read'] },
  parameters: { type: 'object', properties: { name }, required: ['name'] },
  execute: ({ name }) => notes.get(name) ?? 'There is no such note.',
})

/** Says nothing of permissions, and so needs `tools:execute`. */
const writeNote = tool({
  name: 'write_note',
  description: 'Writes a note',
  parameters: { type: 'object', properties: { name, text: { type: 'string', maxLength: 4096 } }, required: ['name', 'text'] },
  execute({ name, text }) {
    notes.set(name, text)
    return 'Written.'
  },
})

export const createServer = (options: MCPServerOptions = {}): MCPServer =>
  new MCPServer({ name: 'my-server', version: '0.1.0', tools: [readNote, writeNote], strict: true, ...options })

/** At this machine alone, or behind a proxy that ends TLS for PUBLIC_URL. */
export function listen(): Promise<Listening> {
  const { PORT = '7777', PUBLIC_URL } = process.env
  const server = createServer({
    port: Number(PORT),
    ...(PUBLIC_URL ? { host: '0.0.0.0', publicUrl: PUBLIC_URL, behindProxy: true } : {}),
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
  return server.listen()
}

if (import.meta.main) await listen()
