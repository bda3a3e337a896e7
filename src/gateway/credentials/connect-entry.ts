/**
 * The one tool that stands for a server whose tools nobody has been shown yet: it answers with the page where the caller connects their
 * account, and once somebody has, the server's own tools take its place.
 *
 * @module
 */

import { allow, type Clock, type Entry, type Executor, type JsonObject, STANDARD_SCOPES } from '../../core/index.ts'
import { createConnectingExecutor } from './connecting-executor.ts'
import type { PersonalCredentials } from './personal.ts'

export interface ConnectEntryOptions {
  readonly server: string
  readonly personal: PersonalCredentials
  /** Somebody could read its lists now. */
  readonly look: () => void
  readonly clock: Clock
}

export function createConnectEntry({ server, personal, look, clock }: ConnectEntryOptions): Entry {
  const name = `${server}__connect`
  const inputSchema = { type: 'object', properties: {}, additionalProperties: false }
  const definition: JsonObject = {
    name,
    title: `Connect to ${server}`,
    description: `Connects your own account at the server ${server}. Its tools can be listed once somebody has.`,
    inputSchema,
    annotations: { readOnlyHint: true, openWorldHint: true },
  }
  const executor: Executor = createConnectingExecutor({
    async forward({ principal }) {
      const given = await personal.credentials.present(principal)
      if (!given.allowed) return given
      look()
      const text = `Your account at ${server} is connected. Its tools are being read: look at the list of tools again.`
      return allow({ kind: 'result', result: { content: [{ type: 'text', text }] } })
    },
    personal,
    clock,
  })
  return {
    kind: 'tool',
    name,
    definition,
    permission: { access: 'protected', scopes: ['tools:read'], roles: [] },
    ask: false,
    rule: 'default tools:read',
    check: (args) =>
      typeof args === 'object' && args !== null && Object.keys(args).length > 0
        ? { path: 'arguments', rule: 'must NOT have additional properties' }
        : undefined,
    mirrors: [],
    origin: { server, name },
    executor,
    // Whoever signs in now is to see the tools that come: what they were not asked for, their client's lists would not show.
    standsFor: STANDARD_SCOPES,
  }
}
