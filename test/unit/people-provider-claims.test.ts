/** What providers say of people, in the shapes that their documentation shows, and what becomes of it here. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type SignInProvider, signInSchema, toProvided } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { cpuMs } from '../support/cpu.ts'
import { auth0, entra, google, keycloak, okta } from '../support/provider-claims.ts'

const base = { title: 'Acme', clientId: 'sallyport', clientSecret: 'secret' }
const entry = (changes: Omit<SignInProvider, keyof typeof base | 'id'> & { id?: string }): SignInProvider => {
  const [parsed] = signInSchema.parse([{ id: 'acme', ...base, ...changes }])
  return parsed as SignInProvider
}
const said = (provider: SignInProvider, claims: Record<string, unknown>) => {
  const provided = toProvided(provider, claims)
  if ('sentence' in provided) return provided.sentence
  const { identity, preferredName, roles, groups } = provided
  return { subject: identity.subject, name: preferredName, roles, groups }
}

test('Google: a Workspace is let in by hd; an address of another house counts only with it', () => {
  const workspace = entry({
    issuer: 'https://accounts.google.com',
    allow: { claims: { hd: 'acme.example' } },
    roles: [{ roles: ['staff'] }],
  })
  assert.deepEqual(said(workspace, google), { subject: google.sub, name: 'jsmith@acme.example', roles: ['staff'], groups: [] })
  const { hd: _, ...consumer } = google
  assert.equal(said(workspace, consumer), 'the claim hd is not what allow.claims wants')
  assert.equal(said(workspace, { ...google, hd: 'evil.example' }), 'the claim hd is not what allow.claims wants')

  const byDomain = entry({ issuer: 'https://accounts.google.com', allow: { emailDomains: ['acme.example', 'gmail.com'] } })
  assert.equal(typeof said(byDomain, google), 'object')
  assert.equal(said(byDomain, consumer), 'the provider names no e-mail address that it has verified')
  assert.equal(typeof said(byDomain, { ...consumer, email: 'ana@gmail.com' }), 'object')
})

test('Entra: a tenant by its own issuer; app roles and the ids of groups are mapped; its e-mail address is never believed', () => {
  const provider = entry({
    issuer: entra.iss,
    allow: { claims: { roles: ['Mcp.Read', 'Mcp.Write'] } },
    nameClaim: 'preferred_username',
    roles: [
      { claim: 'roles', value: 'Mcp.Write', roles: ['writer'] },
      { claim: 'groups', value: '07dd8a60-bf6d-4e17-8844-230b77145381', groups: ['payments'] },
    ],
  })
  assert.deepEqual(said(provider, entra), { subject: entra.sub, name: 'AbeLi@acme.example', roles: ['writer'], groups: ['payments'] })
  assert.equal(said(provider, { ...entra, roles: [] }), 'the claim roles is not what allow.claims wants')
  const byEmail = entry({ issuer: entra.iss, allow: { emailDomains: ['acme.example'] } })
  assert.equal(said(byEmail, entra), 'the provider names no e-mail address that it has verified')
  for (const tenant of ['common', 'organizations', 'consumers'])
    assert.equal(
      signInSchema.safeParse([{ ...provider, issuer: `https://login.microsoftonline.com/${tenant}/v2.0` }]).success,
      false,
      tenant,
    )
})

test('Auth0: roles in a claim whose name is a URL', () => {
  const provider = entry({
    issuer: 'https://acme.eu.auth0.com/',
    allow: { emailDomains: ['acme.example'] },
    roles: [{ claim: 'https://acme.example/roles', value: ['admin', 'owner'], roles: ['admin'] }],
  })
  assert.deepEqual(said(provider, auth0), { subject: auth0.sub, name: 'janedoe@acme.example', roles: ['admin'], groups: [] })
  assert.equal(said(provider, { ...auth0, email_verified: false }), 'the provider names no e-mail address that it has verified')
})

test('Okta: groups by pattern', () => {
  const provider = entry({
    issuer: 'https://acme.okta.com',
    allow: { claims: { groups: ['MCP-Users', 'MCP-Admins'] } },
    roles: [
      { claim: 'groups', pattern: 'MCP-*', roles: ['staff'] },
      { claim: 'groups', value: 'MCP-Admins', roles: ['admin'], groups: ['admins'] },
      { claim: 'groups', value: 'mcp-admins', roles: ['wrong-case'] },
    ],
  })
  assert.deepEqual(said(provider, okta), {
    subject: okta.sub,
    name: 'saml.jackson@acme.example',
    roles: ['staff', 'admin'],
    groups: ['admins'],
  })
  assert.equal(said(provider, { ...okta, groups: ['Everyone'] }), 'the claim groups is not what allow.claims wants')
})

test('Keycloak: realm roles at a path, groups with theirs', () => {
  const provider = entry({
    issuer: 'https://keycloak.example.com/realms/acme',
    allow: { claims: { 'realm_access.roles': ['mcp-reader', 'mcp-writer'] } },
    nameClaim: 'preferred_username',
    roles: [
      { claim: 'realm_access.roles', value: 'mcp-writer', roles: ['writer'] },
      { claim: 'groups', pattern: '/staff/*', groups: ['staff'] },
    ],
  })
  assert.deepEqual(said(provider, keycloak), { subject: keycloak.sub, name: 'siegurd', roles: ['writer'], groups: ['staff'] })
})

test('an e-mail address that is not verified lets nobody in, and names nobody', () => {
  verifies('provider-email')
  const provider = entry({ issuer: 'https://idp.example', allow: { emailDomains: ['acme.example'], emails: ['bob@other.example'] } })
  const of = (claims: Record<string, unknown>) => said(provider, { sub: '1', ...claims })
  const unverified = 'the provider names no e-mail address that it has verified'
  for (const email_verified of [false, undefined, null, 1, 'false', 'TRUE', [true], {}])
    assert.equal(of({ email: 'ana@acme.example', email_verified }), unverified, JSON.stringify(email_verified))
  for (const email of [['ana@acme.example'], 'ana@acme.example@evil.example@', 'acme.example', '@acme.example', 'a b@acme.example', ''])
    assert.equal(of({ email, email_verified: true }), unverified, JSON.stringify(email))
  const outside = 'the e-mail address is not among allow.emails and allow.emailDomains'
  for (const email of [
    'ana@sub.acme.example',
    'ana@acme.example.evil',
    'ana@notacme.example',
    'acme.example@evil.example',
    'bob@acme.example.org',
  ])
    assert.equal(of({ email, email_verified: true }), outside, email)
  assert.equal(of({ email: 'x@acme.example@evil.example', email_verified: true }), unverified)
  assert.equal(of({ email: 'mallory@аcme.example', email_verified: true }), unverified, 'a letter that looks like another')
  for (const email of ['ana@acme.example', 'Ana@ACME.example', 'bob@other.example'])
    assert.deepEqual(of({ email, email_verified: true }), { subject: '1', name: email.toLowerCase(), roles: [], groups: [] })
  const named = entry({ issuer: 'https://idp.example', allow: { claims: { tenant: 'acme' } } })
  assert.deepEqual(said(named, { sub: '1', tenant: 'acme', email: 'ana@acme.example' }), {
    subject: '1',
    name: undefined,
    roles: [],
    groups: [],
  })
})

test('all that allow names has to hold; values are compared with their types', () => {
  const provider = entry({
    issuer: 'https://idp.example',
    allow: { emails: ['ana@acme.example'], claims: { active: true, tier: [2, 3], 'org.name': 'acme' } },
  })
  const right = { sub: '1', email: 'ana@acme.example', email_verified: true, active: true, tier: 2, org: { name: 'acme' } }
  assert.equal(typeof said(provider, right), 'object')
  for (const wrong of [
    { active: 'true' },
    { active: 1 },
    { tier: '2' },
    { tier: 1 },
    { org: { name: 'Acme' } },
    { org: 'acme' },
    { email: 'bob@acme.example' },
  ])
    assert.equal(typeof said(provider, { ...right, ...wrong }), 'string', JSON.stringify(wrong))
  assert.equal(typeof said(provider, { ...right, 'org.name': 'other' }), 'string', 'a claim of the whole name comes first')
})

test('an account is called what is said, or what nobody can choose', () => {
  verifies('provider-identity')
  const provider = entry({ issuer: 'https://idp.example', dangerouslyAllowAnyone: true, nameClaim: 'nick' })
  const name = (nick: unknown) => (said(provider, { sub: '1', nick }) as { name?: string }).name
  for (const right of ['ana', 'Ana.Berg', 'ana@acme.example', 'x-y_z+1']) assert.equal(name(right), right)
  for (const wrong of ['', 'ána', 'аna', 'ana berg', 'ana\n', 'a/b', 'x'.repeat(65), 7, ['ana'], null])
    assert.equal(name(wrong), undefined, JSON.stringify(wrong))
  for (const squatted of ['ana-0a1b2c', 'person-0A1B2C', 'ana-0a1b2c3d4e5f']) assert.equal(name(squatted), undefined, squatted)
})

test('a subject is kept as it is, or not at all', () => {
  const provider = entry({ issuer: 'https://idp.example', dangerouslyAllowAnyone: true })
  for (const sub of [undefined, '', 7, null, ['1'], 'a\nb', 'a\u202eb', 'a\u200bb', 'x'.repeat(256)])
    assert.equal(said(provider, { sub }), 'the provider does not say who it is in a way that can be kept', JSON.stringify(sub))
  for (const sub of ['1', 'auth0|5', 'Ana Maria', ' 1', 'x'.repeat(255)])
    assert.equal((said(provider, { sub }) as { subject: string }).subject, sub)
})

test('patterns match as they read, in bounded time', () => {
  const roleFor = (pattern: string, value: unknown): boolean => {
    const provider = entry({ issuer: 'https://idp.example', dangerouslyAllowAnyone: true, roles: [{ claim: 'g', pattern, roles: ['r'] }] })
    const provided = toProvided(provider, { sub: '1', g: value })
    return 'roles' in provided && provided.roles.length === 1
  }
  const asRegExp = (pattern: string) =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((part) => part.replace(/[.\\^$+?()[\]{}|/-]/g, '\\$&'))
        .join('.*')}$`,
      's',
    )
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/'), maxLength: 12 })
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(patterns, letters, (pattern, text) => roleFor(pattern, text) === asRegExp(pattern).test(text)),
    { numRuns: 2_000 },
  )
  const many = Array.from({ length: 1_000 }, () => 'a'.repeat(512))
  assert.ok(cpuMs(() => assert.equal(roleFor(`${'*a'.repeat(255)}b`, many), false)) < 2_000)
  assert.equal(roleFor('*', 'x'.repeat(600)), false, 'longer than anything that is compared')
})

test('whatever a provider says, there is an answer', () => {
  const provider = entry({
    issuer: 'https://idp.example',
    allow: { claims: { 'a.b': 'x' }, emailDomains: ['acme.example'] },
    nameClaim: 'a.name',
    roles: [
      { claim: '__proto__', pattern: '*', roles: ['r'] },
      { claim: 'constructor.name', pattern: '*', roles: ['r'] },
    ],
  })
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('sub', 'a', 'email', 'email_verified', '__proto__', 'x'), fc.jsonValue()), (claims) => {
      const provided = toProvided(provider, claims as Record<string, unknown>)
      return 'sentence' in provided || provided.identity.provider === 'https://idp.example'
    }),
  )
  const inherited = toProvided({ ...provider, allow: undefined, dangerouslyAllowAnyone: true }, { sub: '1' })
  assert.deepEqual('roles' in inherited && inherited.roles, [], 'what a claim inherits is not there')
})

const wrongEntries: Record<string, [Record<string, unknown>, RegExp]> = {
  'nobody is let in': [{ allow: undefined }, /must say who is let in/],
  'an allow that says nothing': [{ allow: {} }, /must say who is let in/],
  'claims that are none': [{ allow: { claims: {} } }, /must say who is let in/],
  'anybody and somebody': [{ dangerouslyAllowAnyone: true }, /does not go together/],
  'plain http': [{ issuer: 'http://idp.example' }, /must be an https URL/],
  'a query': [{ issuer: 'https://idp.example/?x' }, /must be an https URL/],
  'an empty query': [{ issuer: 'https://idp.example/?' }, /must be an https URL/],
  'a user': [{ issuer: 'https://user@idp.example' }, /must be an https URL/],
  'an id with a path in it': [{ id: '../x' }, /must be 1 to 32/],
  'a title over two lines': [{ title: 'a\nb' }, /must be one line/],
  'a title that turns around': [{ title: 'a\u202eb' }, /must be one line/],
  'a domain in capitals': [{ allow: { emailDomains: ['Acme.example'] } }, /must be a domain/],
  'a wildcard for a domain': [{ allow: { emailDomains: ['*.acme.example'] } }, /must be a domain/],
  'a domain with an at': [{ allow: { emailDomains: ['@acme.example'] } }, /must be a domain/],
  'a rule with two conditions': [{ roles: [{ claim: 'a', value: 'x', pattern: 'x', roles: ['r'] }] }, /either value or pattern/],
  'a rule with none': [{ roles: [{ claim: 'a', roles: ['r'] }] }, /either value or pattern/],
  'a value of no claim': [{ roles: [{ value: 'x', roles: ['r'] }] }, /must say which claim/],
  'a rule that gives nothing': [{ roles: [{ claim: 'a', value: 'x' }] }, /must give roles or groups/],
  'a role that is none': [{ roles: [{ roles: ['a b'] }] }, /must be 1 to 64 letters/],
  'a key that nobody knows': [{ allowAnyone: true }, /[Uu]nrecognized key/],
}
for (const [name, [changes, expected]] of Object.entries(wrongEntries)) {
  test(`an entry does not start with ${name}`, () => {
    const right = { id: 'acme', ...base, issuer: 'https://idp.example', allow: { claims: { a: 'b' } } }
    assert.ok(signInSchema.safeParse([right]).success)
    const { error } = signInSchema.safeParse([{ ...right, ...changes }])
    assert.match(error?.message ?? 'it does', expected)
  })
}

test('no two entries have one id, or one issuer', () => {
  const right = { id: 'acme', ...base, issuer: 'https://idp.example', allow: { claims: { a: 'b' } } }
  const problem = (other: object) => signInSchema.safeParse([right, { ...right, ...other }]).error?.message ?? ''
  assert.match(problem({ issuer: 'https://other.example' }), /this id already/)
  assert.match(problem({ id: 'other' }), /this issuer already/)
  assert.equal(problem({ id: 'other', issuer: 'https://other.example' }), '')
})
