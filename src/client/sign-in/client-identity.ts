/**
 * Who the program is to an authorization server, and how it proves that at the token endpoint (OAuth 2.1 §2.4). An identity belongs
 * to the one issuer that gave it; nobody else ever sees it.
 *
 * @module
 */

import { toBasicPair } from '../../core/index.ts'

interface Named {
  readonly issuer: string
  readonly clientId: string
}

export type ClientIdentity =
  | (Named & { readonly method: 'none'; readonly clientSecret?: undefined })
  | (Named & { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientSecret: string })
  | (Named & {
      readonly method: 'private_key_jwt'
      readonly clientSecret?: undefined
      /** A new assertion for `audience` (RFC 7523 §3). */
      readonly assert: (audience: string) => Promise<string>
    })

export type ClientAuthMethod = ClientIdentity['method']
/** The ways in which a registration of ours can end. */
export type RegisteredMethod = Exclude<ClientAuthMethod, 'private_key_jwt'>

const registeredMethods: readonly unknown[] = ['none', 'client_secret_basic', 'client_secret_post'] satisfies RegisteredMethod[]
export const isRegisteredMethod = (value: unknown): value is RegisteredMethod => registeredMethods.includes(value)

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** What goes into a request to the token endpoint; nothing, where nobody was registered. */
export async function toClientAuthentication(client: ClientIdentity | undefined): Promise<{
  readonly headers: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
}> {
  if (client === undefined) return { headers: {}, fields: {} }
  const { clientId } = client
  switch (client.method) {
    case 'none':
      return { headers: {}, fields: { client_id: clientId } }
    case 'client_secret_post':
      return { headers: {}, fields: { client_id: clientId, client_secret: client.clientSecret } }
    case 'client_secret_basic':
      return { headers: { authorization: `Basic ${toBasicPair(clientId, client.clientSecret)}` }, fields: {} }
    case 'private_key_jwt': {
      // The issuer alone as audience: an assertion for several could be played on from one to the other.
      const assertion = await client.assert(client.issuer)
      return { headers: {}, fields: { client_id: clientId, client_assertion_type: JWT_BEARER, client_assertion: assertion } }
    }
  }
}

/** Its secret, in each form in which a request may show it: an answer must not get it into an error by saying it back. */
export const secretsOf = (client: Pick<ClientIdentity, 'clientId' | 'clientSecret'> | undefined): readonly string[] =>
  client?.clientSecret === undefined ? [] : [client.clientSecret, toBasicPair(client.clientId, client.clientSecret)]
