/** Puts together what signs a program in by itself, from what its options say. Nothing is sent yet. @module */

import type { Network } from '../network.ts'
import { createClientCredentials } from './client-credentials.ts'
import type { Credential } from './credential.ts'
import { createEnterprise } from './enterprise.ts'
import type { SignedOut } from './kept-grants.ts'
import { createMachineCredential } from './machine.ts'
import type { MachineGrant } from './machine-grant.ts'
import type { MachineOptions } from './machine-options.ts'
import { createMachineTokens, type MachineParts } from './machine-tokens.ts'
import { createWorkload } from './workload.ts'

export interface MachineSignIn {
  readonly credential: Credential
  /** Forgets the token, and revokes it where the authorization server can do that; the next request obtains another. */
  signOut(): Promise<SignedOut>
  close(): Promise<void>
}

export interface MachineSignInParts extends Omit<MachineParts, 'grant' | 'issuer' | 'scopes' | 'dpop'> {
  readonly options: MachineOptions
  /** A way to one more server that the program names itself: an address of this machine in its URL is meant, and of no other use. */
  readonly networkTo: (url: URL) => Network
}

export function createMachineSignIn({ options, networkTo, ...parts }: MachineSignInParts): MachineSignIn {
  const { clock, learn } = parts
  let toIdp: Network | undefined
  function grantOf(): MachineGrant {
    switch (options.type) {
      case 'client_credentials':
        return createClientCredentials(options, clock)
      case 'workload':
        return createWorkload({ clientId: options.clientId, token: options.token, learn })
      case 'enterprise': {
        const { idp } = options
        toIdp = networkTo(new URL((idp.issuer ?? idp.tokenEndpoint) as string))
        return createEnterprise({ client: options, idp, network: toIdp, clock, learn })
      }
    }
  }
  for (const secret of secretsIn(options)) learn(secret)
  const { issuer, scopes, dpop } = options
  const tokens = createMachineTokens({ ...parts, grant: grantOf(), issuer, scopes, dpop })
  return { credential: createMachineCredential(tokens), signOut: tokens.forget, close: async () => toIdp?.close() }
}

function secretsIn(options: MachineOptions): string[] {
  if (options.type === 'workload') return []
  const clients = options.type === 'enterprise' ? [options, options.idp] : [options]
  return clients
    .flatMap(({ clientSecret, clientKey }) => [clientSecret, typeof clientKey === 'string' ? clientKey : clientKey?.['d']])
    .filter((secret) => typeof secret === 'string')
}
