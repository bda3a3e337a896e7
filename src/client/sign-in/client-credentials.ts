/** A program for itself, as a client that was registered for it (OAuth 2.1 §4.2, MCP extension oauth-client-credentials). @module */

import type { Clock } from '../../core/index.ts'
import { type MachineGrant, toScopeField } from './machine-grant.ts'
import { createIdentify, type MachineClient } from './machine-identity.ts'

export function createClientCredentials(client: MachineClient, clock: Clock): MachineGrant {
  return {
    kind: 'client_credentials',
    clientId: client.clientId,
    identify: createIdentify(client, clock),
    async begin() {
      return { subject: [], toFields: async ({ scopes }) => ({ grant_type: 'client_credentials', ...toScopeField(scopes) }) }
    },
    step: 'Check auth.clientId with its secret or key, and auth.scopes: that the client is registered for this grant, and for all of them.',
  }
}
