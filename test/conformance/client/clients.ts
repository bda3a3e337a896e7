// A client for each kind of scenario.

import { MCPClient, type MCPClientOptions } from '../../../src/client/index.ts'
import type { Context } from './context.ts'
import { toDefaults } from './example.ts'

export interface Start {
  readonly serverUrl: string
  readonly scenario: string
  readonly context: Context
}

export const REDIRECT_URI = 'http://127.0.0.1:33418/callback'

export function clientFor({ serverUrl, scenario, context }: Start): MCPClient {
  return new MCPClient({ ...common, serverUrl, ...(scenario.startsWith('auth/') && { auth: person(context) }) })
}

/** Whoever asks is answered: a server is told of what there is a function for. */
const common = {
  clientInfo: { name: 'sallyport-conformance', version: '1.0.0' },
  onInput: {
    elicitation: ({ requestedSchema }) => ({ action: 'accept', content: toDefaults(requestedSchema) as Record<string, string> }),
    sampling: () => ({ role: 'assistant', content: { type: 'text', text: 'An answer.' }, model: 'none' }),
    roots: () => [],
  },
} satisfies Partial<MCPClientOptions>

const person = ({ client_id: clientId, client_secret: clientSecret, issuer }: Context): NonNullable<MCPClientOptions['auth']> =>
  clientId === undefined ? { type: 'oauth2' } : { type: 'oauth2', clientId, clientSecret, issuer }
