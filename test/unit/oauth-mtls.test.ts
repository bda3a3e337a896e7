/** Which certificates bear a client's name, and whose word counts about a certificate. */

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { problemWithAssertion } from '../../src/oauth/client-auth.ts'
import { resourceMetadata, serverMetadata } from '../../src/oauth/metadata.ts'
import { isCertificateOf, type NameKind, parseDn } from '../../src/oauth/mtls-names.ts'
import { checkNewClient, type NewClient } from '../../src/oauth/new-client.ts'
import { createCertificateSource } from '../../src/transports/index.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'

verifies('A13-metadata')

const authority = await createTestAuthority()
const pem = (await authority.issue(['client.example', '192.0.2.7', '2001:18::7'])).cert
const certificate = new X509Certificate(pem)

test('a certificate bears the names that are in it, however they are written, and no others', () => {
  const bears = (kind: string, name: string) => isCertificateOf(certificate, `tls_client_auth_${kind}` as NameKind, name)
  assert.deepEqual(
    [
      bears('san_dns', 'client.example'),
      bears('san_dns', 'CLIENT.example'),
      bears('san_ip', '192.0.2.7'),
      bears('san_ip', '2001:0018:0:0:0:0:0:7'),
      bears('subject_dn', 'CN=client.example'),
      bears('subject_dn', 'cn = client.example'),
    ],
    [true, true, true, true, true, true],
  )
  for (const [kind, name] of [
    ['san_dns', 'example'],
    ['san_dns', 'other.example'],
    ['san_dns', ''],
    ['san_dns', '192.0.2.7'],
    ['san_ip', '192.0.2.70'],
    ['san_ip', 'client.example'],
    ['san_uri', 'client.example'],
    ['san_email', 'client.example'],
    ['subject_dn', 'CN=client'],
    ['subject_dn', 'client.example'],
    ['subject_dn', 'O=client.example'],
    ['subject_dn', 'CN=client.example,O=Example'],
    ['subject_dn', ''],
    ['other', 'client.example'],
  ] as const)
    assert.equal(bears(kind, name), false, `${kind} ${name}`)
})

test('a name is read as RFC 4514 writes it, and what cannot be read is no name', () => {
  assert.deepEqual(parseDn('CN=reports,O=Example Ltd\\, London'), [
    ['CN', 'reports'],
    ['O', 'Example Ltd, London'],
  ])
  for (const text of ['', 'CN', 'CN=', '=x', 'CN=a+O=b', 'CN=a,', 'CN=\\41']) assert.equal(parseDn(text), undefined, text)
})

test('the metadata names certificates where they can come, and names in them where somebody looks who signed them', () => {
  const told = (certificates?: 'any' | 'verified') => {
    const { token_endpoint_auth_methods_supported: methods, tls_client_certificate_bound_access_tokens: bound } = serverMetadata(
      'https://as.example',
      [],
      { certificates },
    )
    const resource = resourceMetadata('https://as.example/mcp', 'https://as.example', [], { certificates })
    assert.equal(resource['tls_client_certificate_bound_access_tokens'], bound)
    return [(methods as string[]).filter((method) => method.includes('tls')), bound]
  }
  assert.deepEqual(told(), [[], undefined])
  assert.deepEqual(told('any'), [['self_signed_tls_client_auth'], true])
  assert.deepEqual(told('verified'), [['self_signed_tls_client_auth', 'tls_client_auth'], true])
})

test('a header is believed from a trusted proxy alone', () => {
  const proxy = { trustedAddresses: ['10.0.0.0/8'], clientCertificate: { header: 'Client-Cert', verified: true } }
  const source = createCertificateSource(proxy, undefined)
  const field = `:${certificate.raw.toString('base64')}:`
  const from = (remoteAddress: string | undefined, value: string | string[] | undefined = field, name = 'Client-Cert') => {
    const values = value === undefined ? [] : [value].flat()
    const rawHeaders = values.flatMap((each) => [name, each])
    const headers = values.length === 0 ? {} : { [name.toLowerCase()]: values[0] }
    return source.of({ socket: { remoteAddress }, headers, rawHeaders } as unknown as IncomingMessage)
  }
  assert.equal(from('10.1.2.3')?.certificate.fingerprint256, certificate.fingerprint256)
  assert.equal(from('10.1.2.3', encodeURIComponent(pem))?.certificate.fingerprint256, certificate.fingerprint256)
  assert.equal(from('10.1.2.3')?.isVerified, true)
  for (const [what, address, value] of [
    ['anybody else', '192.0.2.1', field],
    ['nobody', undefined, field],
    ['two fields', '10.1.2.3', [field, field]],
    ['not a certificate', '10.1.2.3', ':AAAA:'],
    ['not bytes', '10.1.2.3', ':%%%:'],
    ['broken escapes', '10.1.2.3', '-----BEGIN%'],
    ['an endless one', '10.1.2.3', `:${'A'.repeat(20_000)}:`],
    ['an empty one', '10.1.2.3', ''],
  ] as const)
    assert.equal(from(address, value as string | string[]), undefined, what)
  assert.equal(from('10.1.2.3', field, 'X-Client-Cert'), undefined)
  const unverified = createCertificateSource({ hops: 1, clientCertificate: { header: 'client-cert', verified: false } }, undefined)
  assert.deepEqual([unverified.isOn, unverified.verifies], [true, false])
  assert.equal(createCertificateSource({ hops: 1 }, undefined).isOn, false)
  assert.equal(createCertificateSource(undefined, { cert: pem, key: pem }).isOn, false)
})

test('what an operator registers is checked as a whole, and said all at once', () => {
  const good: NewClient = {
    name: 'reports',
    grantTypes: ['client_credentials'],
    authMethod: 'client_secret_basic',
    scopes: ['tools:read'],
    createdBy: 'operator',
  }
  assert.equal(checkNewClient(good).needsSecret, true)
  const problems = (change: Record<string, unknown>): string => {
    try {
      checkNewClient({ ...good, ...change } as NewClient)
      return 'none'
    } catch (error) {
      return (error as Error).message
    }
  }
  for (const [change, expected] of [
    [{ authMethod: 'none' }, /authMethod: must not be none/],
    [{ scopes: undefined }, /scopes: must be named/],
    [{ scopes: ['a b'] }, /not a scope/],
    [{ name: '\u202eevil' }, /printable/],
    [{ redirectUris: ['https://app.example/'] }, /redirectUris: has no effect/],
    [{ grantTypes: ['authorization_code'] }, /redirectUris: must name/],
    [{ grantTypes: ['authorization_code'], redirectUris: ['http://app.example/'] }, /redirectUris: a URI begins with https/],
    [{ grantTypes: ['refresh_token'] }, /grantTypes: must name a grant/],
    [{ grantTypes: ['password'] }, /grantTypes/],
    [{ authMethod: 'private_key_jwt' }, /jwks: must be given/],
    [{ jwks: { keys: [{ kty: 'EC' }] } }, /jwks: has no effect/],
    [{ authMethod: 'private_key_jwt', jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, /must be a public key/],
    [{ authMethod: 'private_key_jwt', jwks: { keys: [{ kty: 'EC', d: 'AAAA' }] } }, /private part/],
    [{ authMethod: 'tls_client_auth', certificateName: { dn: 'CN=x', dns: 'x' } }, /takes one of/],
    [{ authMethod: 'tls_client_auth', certificateName: { dn: 'no name' } }, /dn: .*RFC 4514/],
    [{ authMethod: 'self_signed_tls_client_auth', certificates: ['none'] }, /not a certificate/],
    [{ clientSecret: 'chosen' }, /clientSecret/],
  ] as const)
    assert.match(problems(change), expected, JSON.stringify(change))
  const all = problems({ authMethod: 'none', scopes: undefined, redirectUris: ['x'] })
  assert.equal(all.split('\n').length >= 3, true, all)
})

test('an assertion has one audience, ends soon, and has an id of some length', () => {
  const now = 1_000_000
  const good = { aud: 'https://as.example', exp: now + 300, jti: 'x' }
  assert.equal(problemWithAssertion(good, now), undefined)
  assert.equal(problemWithAssertion({ ...good, aud: ['https://as.example'] }, now), undefined)
  for (const change of [{ aud: ['a', 'b'] }, { aud: [] }, { exp: now + 601 }, { exp: '1' }, { jti: 7 }, { jti: 'x'.repeat(257) }])
    assert.ok(problemWithAssertion({ ...good, ...change }, now), JSON.stringify(change))
})
