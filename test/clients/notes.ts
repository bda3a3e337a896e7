// A server in code for the clients of these tests: two tools, a prompt and a resource, and what happens during a call: questions,
// progress, log messages.

import { elicit, type MCPServerOptions, prompt, resource, tool } from '../../src/index.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Target } from './targets.ts'

export interface Notes extends TestServer, Required<Target> {
  /** Changes the resource, and says so. */
  rewrite(text: string): void
}

const NAME = { type: 'string', maxLength: 40, pattern: '^[a-zA-Z -]+$' } as const

export async function startNotes(options: MCPServerOptions = {}): Promise<Notes> {
  const uri = 'note://welcome'
  const text = 'The bridge is out until Thursday.'
  const notes = new Map([['welcome', text]])
  const named = { type: 'object', properties: { name: NAME }, required: ['name'] } as const

  const readNote = tool({
    name: 'read_note',
    permissions: { requiredScopes: ['tools:read'] },
    parameters: named,
    execute: ({ name }) => notes.get(name) ?? 'There is no such note.',
  })
  const writeNote = tool({
    name: 'write_note',
    parameters: { type: 'object', properties: { name: NAME, text: { type: 'string', maxLength: 100 } }, required: ['name', 'text'] },
    execute({ name, text }) {
      notes.set(name, text)
      return 'Written.'
    },
  })
  const signNote = tool({
    name: 'sign_note',
    permissions: { requiredScopes: ['tools:read'] },
    parameters: named,
    execute({ name }, { answers, ask }) {
      const { author } = answers
      if (!author) return ask({ author: elicit({ message: `Who signs ${name}?`, requestedSchema: named }) })
      return author['action'] === 'accept'
        ? `Signed by ${(author['content'] as { name: string }).name}.`
        : `Not signed: ${String(author['action'])}.`
    },
  })
  const countNotes = tool({
    name: 'count_notes',
    permissions: { requiredScopes: ['tools:read'] },
    execute(_, { progress, log }) {
      log('debug', 'begins')
      for (let done = 1; done <= 3; done++) progress(done, 3, `shelf ${done}`)
      log('warning', { shelf: 3, notes: notes.size }, 'shelves')
      return `${notes.size}`
    },
  })
  const greeting = prompt({
    name: 'greeting',
    template: 'System: You greet {{name}}, a guest of the house.\nWrite one line for {{name}}.',
    parameters: named,
  })

  const server = await startServer({
    name: 'notes',
    tools: [readNote, writeNote, signNote, countNotes],
    prompts: [greeting],
    resources: [resource({ uri, name: 'Welcome', read: () => notes.get('welcome') })],
    ...options,
  })
  return {
    ...server,
    text,
    uri,
    read: { name: 'read_note', arguments: { name: 'welcome' } },
    write: { name: 'write_note', arguments: { name: 'other', text: 'x' } },
    wasWritten: async () => notes.has('other'),
    prompt: { name: 'greeting', arguments: { name: 'Ana Lind' }, says: 'You greet Ana Lind, a guest' },
    rewrite(changed) {
      notes.set('welcome', changed)
      server.server.resourceUpdated(uri)
    },
  }
}
