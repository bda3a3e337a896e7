/**
 * One of an enterprise's people, by the word of its identity provider (MCP extension enterprise-managed-authorization, SEP-990):
 *
 *   what the program has of the person → identity provider (RFC 8693): an ID-JAG → authorization server (RFC 7523): an access token
 *
 * What the program has of the person goes to the identity provider and to nobody else; an ID-JAG goes to the authorization server that
 * it names and to nobody else.
 *
 * Not checked: the signature of an ID-JAG, which is for the authorization server to verify.
 *
 * @module
 */

import type { Clock } from '../../core/index.ts'
import { askForDocument } from '../documents.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import { secretsOf, toClientAuthentication } from './client-identity.ts'
import { discoverServer } from './discovery.ts'
import { type MachineGrant, toScopeField, type Wanted } from './machine-grant.ts'
import { createIdentify, type Identify, type MachineClient } from './machine-identity.ts'
import type { IdentityProviderOptions } from './machine-options.ts'
import { subjectOf } from './machine-record.ts'
import { askProgram } from './program-token.ts'
import { parseScopes } from './scopes.ts'
import { isHeaderValue, refusalIn } from './token-request.ts'
import { JWT_BEARER_GRANT } from './workload.ts'

const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

export interface EnterpriseParts {
  /** As whom the program goes to the authorization server. */
  readonly client: MachineClient
  readonly idp: IdentityProviderOptions
  /** The way to the identity provider alone: what is allowed of its addresses is allowed to nobody else. */
  readonly network: Network
  readonly clock: Clock
  readonly learn: (secret: string) => void
}

export function createEnterprise({ client, idp, network, clock, learn }: EnterpriseParts): MachineGrant {
  const identifyToIdp = createIdentify(idp, clock)
  return {
    kind: 'enterprise',
    clientId: client.clientId,
    identify: createIdentify(client, clock),
    async begin() {
      const subjectToken = await askProgram('auth.idp.subjectToken', idp.subjectToken)
      learn(subjectToken)
      return {
        subject: [idp.issuer ?? idp.tokenEndpoint, idp.clientId, ...(await subjectOf(subjectToken))],
        async toFields(wanted) {
          const { assertion, scopes } = await exchange({ idp, network, identify: identifyToIdp, subjectToken }, wanted)
          learn(assertion)
          return { grant_type: JWT_BEARER_GRANT, assertion, ...toScopeField(scopes) }
        },
      }
    },
    step: 'Check auth.clientId with its secret or key, and that the authorization server trusts this identity provider.',
  }
}

interface Exchange extends Pick<EnterpriseParts, 'idp' | 'network'> {
  readonly identify: Identify
  readonly subjectToken: string
}

/** @throws {AuthorizationError | TransportError} */
async function exchange(
  { idp, network, identify, subjectToken }: Exchange,
  { server, resource, scopes }: Wanted,
): Promise<{ readonly assertion: string; readonly scopes: readonly string[] }> {
  const provider = await findProvider(idp, network)
  const { headers, fields } = await toClientAuthentication(identify(provider))
  const url = provider.tokenEndpoint
  const answer = await askForDocument(network, url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      ...fields,
      grant_type: TOKEN_EXCHANGE_GRANT,
      requested_token_type: ID_JAG,
      audience: server.issuer,
      resource,
      ...toScopeField(scopes),
      subject_token: subjectToken,
      subject_token_type: idp.subjectTokenType ?? ID_TOKEN,
    }).toString(),
  })
  const refusal = refusalIn(answer, { url, sent: [subjectToken, ...secretsOf(idp)], step: ASK_IDP })
  if (refusal) throw refusal
  const { access_token: assertion, issued_token_type: issued, token_type: type, scope } = answer.document ?? {}
  // It is no access token, and says so (RFC 8693 §2.2.1): who answers otherwise has understood something else.
  if (!isHeaderValue(assertion) || issued !== ID_JAG || typeof type !== 'string' || type.toLowerCase() !== 'n_a')
    throw new AuthorizationError('token_refused', `${url.host} answered with something else than an ID-JAG.`, { step: ASK_IDP })
  await checkAudience(assertion, server.issuer, url.host)
  return { assertion, scopes: parseScopes(scope) ?? scopes }
}

/** The endpoint that the program named, or the one in the metadata of the issuer that it named. */
async function findProvider({ issuer, tokenEndpoint }: IdentityProviderOptions, network: Network) {
  if (issuer !== undefined) return discoverServer({ network, issuer, use: 'token' })
  const url = tokenEndpoint as string
  return { issuer: url, tokenEndpoint: new URL(url), clientAuthMethods: ['client_secret_basic'] }
}

/** One for another authorization server is not shown to this one, which could use it there. */
async function checkAudience(assertion: string, issuer: string, host: string): Promise<void> {
  const { decodeJwt, decodeProtectedHeader } = await import('jose')
  let isFor: unknown
  try {
    if (decodeProtectedHeader(assertion).typ === 'oauth-id-jag+jwt') isFor = decodeJwt(assertion).aud
  } catch {
    // No JWT.
  }
  if (isFor !== issuer && !(Array.isArray(isFor) && isFor.length === 1 && isFor[0] === issuer))
    throw new AuthorizationError('token_refused', `What ${host} answered is no ID-JAG for the authorization server.`, { step: ASK_IDP })
}

const ASK_IDP =
  'Check auth.idp: its clientId with the secret, what subjectToken() answers, and that the identity provider allows this program at this server.'
