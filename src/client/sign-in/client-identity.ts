/**
 * Who the program is to an authorization server, and how it proves that at the token endpoint (OAuth 2.1 §2.4). An identity belongs
 * to the one issuer that gave it; nobody else ever sees it.
 *
 * @module
 */

const authMethods = ['none', 'client_secret_basic', 'client_secret_post'] as const
export type ClientAuthMethod = (typeof authMethods)[number]

export interface ClientIdentity {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  readonly method: ClientAuthMethod
}

export const isAuthMethod = (value: unknown): value is ClientAuthMethod => (authMethods as readonly unknown[]).includes(value)

/** What goes into a request to the token endpoint. */
export function toClientAuthentication({ clientId, clientSecret = '', method }: ClientIdentity): {
  readonly headers: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
} {
  switch (method) {
    case 'none':
      return { headers: {}, fields: { client_id: clientId } }
    case 'client_secret_post':
      return { headers: {}, fields: { client_id: clientId, client_secret: clientSecret } }
    case 'client_secret_basic': {
      // Form-encoded before it is joined, so that a colon in an id does not move the border (RFC 6749 §2.3.1).
      const pair = `${formEncode(clientId)}:${formEncode(clientSecret)}`
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} }
    }
  }
}

const formEncode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
