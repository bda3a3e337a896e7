/**
 * What an operator registers: a client that signs in with more than a name, or that acts for itself. Checked here, and
 * turned into the metadata of RFC 7591 §2. Pure. Nobody but an operator gets this far: what anybody may register is less
 * (`registration.ts`).
 *
 * @module
 */

import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { checkOptions, SCOPE_PATTERN } from '../core/index.ts'
import type { Payload } from './artifacts.ts'
import { hasPrivatePart } from './jwk.ts'
import { parseDn } from './mtls-names.ts'
import { problemWithRedirect } from './registration.ts'

const grants = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
] as const
const methods = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const

export type ClientGrant = (typeof grants)[number]
export type ClientAuthMethod = (typeof methods)[number]

/** Which certificate is the client's (RFC 8705 §2.1.2): one of them. */
export interface CertificateName {
  /** As RFC 4514 writes it: `CN=reports,O=Example`. */
  readonly dn?: string | undefined
  readonly dns?: string | undefined
  readonly uri?: string | undefined
  readonly ip?: string | undefined
  readonly email?: string | undefined
}

export interface NewClient {
  readonly name: string
  readonly grantTypes: readonly ClientGrant[]
  readonly authMethod: ClientAuthMethod
  /** More than these it is never given, whoever allows it; for `client_credentials` also what is meant where it names none. */
  readonly scopes?: readonly string[] | undefined
  /** For `authorization_code`, and for nothing else. */
  readonly redirectUris?: readonly string[] | undefined
  /** For `private_key_jwt`: its public keys, as a JWK set. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | undefined
  /** For `tls_client_auth`. */
  readonly certificateName?: CertificateName | undefined
  /** For `self_signed_tls_client_auth`: the certificates themselves, in PEM. */
  readonly certificates?: readonly string[] | undefined
  readonly createdBy: string
}

const text = z.string().min(1).max(2048)
const jwk = z
  .record(z.string(), z.unknown())
  .refine(({ kty }) => kty === 'EC' || kty === 'RSA' || kty === 'OKP', 'must be a public key of type EC, RSA or OKP')
  .refine((key) => !hasPrivatePart(key), 'must be a public key: this one has a private part')

const newClient: z.ZodType<NewClient> = z
  .strictObject({
    name: z.string().regex(/^[^\p{Cc}\p{Cf}]{1,64}$/u, 'has 1 to 64 printable characters'),
    grantTypes: z.array(z.enum(grants)).min(1).max(grants.length),
    authMethod: z.enum(methods),
    scopes: z.array(z.string().regex(SCOPE_PATTERN, 'is not a scope (RFC 6749 §3.3)')).min(1).max(64).optional(),
    redirectUris: z.array(text).max(20).optional(),
    jwks: z.strictObject({ keys: z.array(jwk).min(1).max(10) }).optional(),
    certificateName: z
      .strictObject({
        dn: text.refine((dn) => parseDn(dn) !== undefined, 'must be a name as RFC 4514 writes it: CN=reports,O=Example').optional(),
        dns: text.optional(),
        uri: text.optional(),
        ip: text.optional(),
        email: text.optional(),
      })
      .refine((names) => Object.values(names).filter((each) => each !== undefined).length === 1, 'takes one of dn, dns, uri, ip, email')
      .optional(),
    certificates: z.array(z.string().refine(isCertificate, 'is not a certificate in PEM')).min(1).max(10).optional(),
    createdBy: z.string().min(1).max(128),
  })
  .superRefine((client, context) => {
    for (const [path, message] of problemsOf(client)) context.addIssue({ code: 'custom', path: [path], message })
  })

export interface CheckedClient {
  readonly metadata: Payload
  readonly scopes: readonly string[] | undefined
  readonly needsSecret: boolean
  readonly createdBy: string
}

/** @throws {ConfigError} naming every problem. */
export function checkNewClient(given: NewClient): CheckedClient {
  const { name, grantTypes, authMethod, scopes, redirectUris = [], createdBy, ...proof } = checkOptions('client', newClient, given)
  const byCertificate = authMethod === 'tls_client_auth' || authMethod === 'self_signed_tls_client_auth'
  const metadata: Payload = {
    client_name: name,
    grant_types: [...new Set(grantTypes)],
    token_endpoint_auth_method: authMethod,
    redirect_uris: [...redirectUris],
    response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
    ...(proof.jwks === undefined ? {} : { jwks: proof.jwks }),
    ...(proof.certificates === undefined ? {} : { jwks: { keys: proof.certificates.map(toJwk) } }),
    ...Object.fromEntries(Object.entries(proof.certificateName ?? {}).map(([kind, value]) => [certificateMembers[kind as 'dn'], value])),
    // Whoever signs in with a certificate gets tokens that are worth nothing without it (RFC 8705 §3).
    ...(byCertificate ? { tls_client_certificate_bound_access_tokens: true } : {}),
  }
  return { metadata, scopes: scopes && [...new Set(scopes)], needsSecret: needsSecret(authMethod), createdBy }
}

const certificateMembers: Record<keyof CertificateName, string> = {
  dn: 'tls_client_auth_subject_dn',
  dns: 'tls_client_auth_san_dns',
  uri: 'tls_client_auth_san_uri',
  ip: 'tls_client_auth_san_ip',
  email: 'tls_client_auth_san_email',
}

const needsSecret = (method: ClientAuthMethod): boolean => method === 'client_secret_basic' || method === 'client_secret_post'

function* problemsOf(client: NewClient): Generator<readonly [keyof NewClient, string]> {
  const { grantTypes, authMethod, scopes, redirectUris = [], jwks, certificateName, certificates } = client
  const hasCode = grantTypes.includes('authorization_code')
  if (hasCode && redirectUris.length === 0) yield ['redirectUris', 'must name at least one URI for authorization_code']
  if (!hasCode && redirectUris.length > 0) yield ['redirectUris', 'has no effect without authorization_code']
  for (const uri of redirectUris) {
    const problem = problemWithRedirect(uri)
    if (problem !== undefined) yield ['redirectUris', problem]
  }
  if (grantTypes.every((grant) => grant === 'refresh_token')) yield ['grantTypes', 'must name a grant that refresh_token can follow']
  if (grantTypes.includes('client_credentials')) {
    // OAuth 2.1 §4.2: only confidential clients. And what it may do is said beforehand: nobody is asked later.
    if (authMethod === 'none') yield ['authMethod', 'must not be none for client_credentials: anybody could be this client']
    if (scopes === undefined) yield ['scopes', 'must be named for client_credentials: nobody is asked what it may do']
  }
  const wanted = { private_key_jwt: 'jwks', tls_client_auth: 'certificateName', self_signed_tls_client_auth: 'certificates' } as const
  for (const [method, member] of Object.entries(wanted)) {
    const isGiven = { jwks, certificateName, certificates }[member] !== undefined
    if (authMethod === method && !isGiven) yield [member, `must be given for ${method}`]
    if (authMethod !== method && isGiven) yield [member, `has no effect with ${authMethod}`]
  }
}

/** A key with its certificate (RFC 8705 §2.2.2). */
function toJwk(pem: string): Record<string, unknown> {
  const { publicKey, raw } = new X509Certificate(pem)
  return { ...publicKey.export({ format: 'jwk' }), x5c: [raw.toString('base64')] }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).publicKey.export({ format: 'jwk' }).kty !== undefined
  } catch {
    return false
  }
}
