/** Who a rule means, what cannot be written into one, and what a rule that is gone ends. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError, checkOptions, createScopeHierarchy } from '../../src/core/index.ts'
import { parseSub, toSub } from '../../src/oauth/grant-types/subjects.ts'
import { createTrust, matchesSubject, type TrustedIssuer, trustedIssuersSchema } from '../../src/oauth/grant-types/trusted-issuers.ts'
import { createStanding } from '../../src/oauth/standing.ts'
import { cpuMs } from '../support/cpu.ts'

const scopes = ['tools:read']
const idp: TrustedIssuer = { issuer: 'https://idp.example', use: ['id-jag'] }
const platform: TrustedIssuer = {
  issuer: 'https://platform.example',
  use: ['workload'],
  subjects: { 'system:serviceaccount:prod:*': { scopes } },
}

test('a wildcard is one or more characters of one part, and never a colon', () => {
  const cases: readonly (readonly [pattern: string, subject: string, matches: boolean])[] = [
    ['system:serviceaccount:prod:*', 'system:serviceaccount:prod:reports', true],
    ['system:serviceaccount:prod:*', 'system:serviceaccount:prod:', false],
    ['system:serviceaccount:prod:*', 'system:serviceaccount:prod:a:b', false],
    ['system:serviceaccount:prod:*', 'system:serviceaccount:production:a', false],
    ['repo:octo/*:ref:refs/heads/main', 'repo:octo/app:ref:refs/heads/main', true],
    ['repo:octo/*:ref:refs/heads/main', 'repo:octo/app:ref:refs/heads/main2', false],
    ['repo:octo/*:environment:prod', 'repo:octo/a:environment:dev:environment:prod', false],
    ['repo:octo/app:ref:refs/heads/*-*', 'repo:octo/app:ref:refs/heads/release-1-2', true],
    ['spiffe://example.org/ns/*/sa/reports', 'spiffe://example.org/ns/prod/sa/reports', true],
    ['a*b', 'ab', false],
    ['a*b', 'aXbYb', true],
    ['a**b', 'aXb', false],
    ['plain', 'plain', true],
    ['plain', 'Plain', false],
    ['a.c', 'abc', false],
    ['', '', true],
  ]
  for (const [pattern, subject, matches] of cases) assert.equal(matchesSubject(pattern, subject), matches, `${pattern} ~ ${subject}`)
})

test('matching is what a regular expression says, and takes no time', () => {
  const letters = fc.stringMatching(/^[ab*:.]{0,12}$/)
  fc.assert(
    fc.property(letters, fc.stringMatching(/^[ab:.]{0,14}$/), (pattern, subject) => {
      const escaped = pattern.replace(/[.]/g, '\\$&').replaceAll('*', '[^:]+')
      assert.equal(matchesSubject(pattern, subject), new RegExp(`^${escaped}$`).test(subject))
    }),
    { numRuns: 2000 },
  )
  assert.ok(cpuMs(() => assert.equal(matchesSubject(`${'a*'.repeat(200)}b`, 'a'.repeat(512)), false)) < 200)
})

test('the first rule that matches counts, and whom none names is nobody', () => {
  const trust = createTrust([idp, { ...platform, subjects: { 'a:b': { scopes, roles: ['x'] }, 'a:*': { scopes: ['prompts:read'] } } }])
  assert.deepEqual(trust.allowed(platform.issuer, 'workload', 'a:b'), { scopes, roles: ['x'] })
  assert.deepEqual(trust.allowed(platform.issuer, 'workload', 'a:c'), { scopes: ['prompts:read'], roles: [] })
  assert.equal(trust.allowed(platform.issuer, 'workload', 'c'), undefined)
  assert.equal(trust.allowed(platform.issuer, 'id-jag', 'a:b'), undefined, 'trusted for something else')
  assert.equal(trust.allowed(`${platform.issuer}/`, 'workload', 'a:b'), undefined, 'exactly as it is written')
  assert.deepEqual(trust.allowed(idp.issuer, 'id-jag', 'anybody'), { scopes: undefined, roles: [] })
  assert.equal(trust.allowed(idp.issuer, 'workload', 'anybody'), undefined)
})

test('an issuer and its subject are told apart, whatever the subject has in it', () => {
  fc.assert(
    fc.property(fc.constantFrom(idp.issuer, platform.issuer), fc.string({ minLength: 1 }), (issuer, subject) => {
      assert.deepEqual(parseSub(toSub({ issuer, subject })), { issuer, subject })
    }),
  )
  assert.equal(parseSub('ana'), undefined)
})

test('options that could not be meant stop the start, each with its place', () => {
  const problemsOf = (entries: unknown): readonly string[] => {
    try {
      checkOptions('auth.trustedIssuers', trustedIssuersSchema, entries as never)
      return []
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.problems
    }
  }
  const github = 'https://token.actions.githubusercontent.com'
  assert.deepEqual(
    problemsOf([idp, platform, { issuer: github, use: ['workload'], subjects: { 'repo:octo/*:ref:refs/heads/main': { scopes } } }]),
    [],
  )
  const wrong: Record<string, readonly [entry: Record<string, unknown>, at: RegExp]> = {
    'plain http elsewhere': [{ ...idp, issuer: 'http://idp.example' }, /0\.issuer: must be an https URL/],
    'a query': [{ ...idp, issuer: 'https://idp.example?x=1' }, /0\.issuer/],
    'a fragment': [{ ...idp, issuer: 'https://idp.example#x' }, /0\.issuer/],
    'a user': [{ ...idp, issuer: 'https://a:b@idp.example' }, /0\.issuer/],
    'no use': [{ ...idp, use: [] }, /0\.use/],
    'another use': [{ ...idp, use: ['saml'] }, /0\.use/],
    'an unknown option': [{ ...idp, audiance: 'x' }, /0\.audiance: .*audience/],
    'an audience for people': [{ ...idp, audience: 'x' }, /0\.audience: has a meaning for workloads only/],
    'reuse for people': [{ ...idp, dangerouslyAllowReuse: true }, /0\.dangerouslyAllowReuse/],
    'all workloads': [{ ...platform, subjects: undefined }, /0\.subjects: must say which workloads/],
    'no workloads': [{ ...platform, subjects: {} }, /0\.subjects: must say which workloads/],
    'a workload with no scopes': [{ ...platform, subjects: { a: {} } }, /0\.subjects\.a\.scopes: must be given/],
    'a leading wildcard': [{ ...platform, subjects: { '*:a': { scopes } } }, /must not begin with \*/],
    'all of GitHub': [
      { ...platform, issuer: github, subjects: { 'repo:*:ref:refs/heads/main': { scopes } } },
      /must begin with repo:OWNER\//,
    ],
    'all of GitHub, half named': [
      { ...platform, issuer: github, subjects: { 'repo:oct*/app:ref:refs/heads/main': { scopes } } },
      /repo:OWNER\//,
    ],
    'no scope': [{ ...platform, subjects: { a: { scopes: ['two words'] } } }, /must be a scope/],
    'a token for a year': [{ ...platform, tokenTtlSeconds: 31_536_000 }, /0\.tokenTtlSeconds/],
  }
  for (const [name, [entry, at]] of Object.entries(wrong)) assert.match(problemsOf([entry]).join('\n'), at, name)
  assert.match(problemsOf([idp, { ...idp }]).join('\n'), /there is an entry with this issuer for id-jag already/)
  assert.equal(
    problemsOf([
      { ...idp, use: ['id-jag'] },
      { ...platform, issuer: idp.issuer },
    ]).length,
    0,
    'one entry for each use',
  )
})

test('a rule that is gone, or gives less, ends what came of it', async () => {
  const subject = 'system:serviceaccount:prod:reports'
  const sub = toSub({ issuer: platform.issuer, subject })
  const claims = { sub, iat: 1, client_id: 'sallyport:workload', grant_id: 'gr_1', sub_kind: 'workload' }
  const nobody = async () => undefined
  const findWith = (
    entries: readonly TrustedIssuer[],
    { kind = 'workload', accountId = sub }: { kind?: string | null; accountId?: string } = {},
  ) =>
    createStanding({
      issuer: 'https://own.example',
      grants: { find: async (id) => (id === 'gr_1' ? { accountId, clientId: 'sallyport:workload' } : undefined) },
      clients: { exists: async () => false, get: nobody },
      accounts: { get: nobody },
      trust: createTrust(entries),
      hierarchy: createScopeHierarchy(),
    })({ ...claims, sub_kind: kind ?? undefined })
  const standing = await findWith([platform])
  assert.deepEqual(
    [standing?.issuer, standing?.subject, standing?.permits('tools:read'), standing?.permits('tools:execute')],
    [platform.issuer, subject, true, false],
  )
  assert.equal(await findWith([]), undefined, 'the issuer is not trusted any more')
  assert.equal(await findWith([{ ...platform, use: ['id-jag'], subjects: undefined }]), undefined, 'trusted for people only')
  assert.equal(await findWith([{ ...platform, subjects: { 'system:serviceaccount:dev:*': { scopes } } }]), undefined)
  assert.equal(await findWith([platform], { kind: 'id-jag' }), undefined)
  assert.equal(await findWith([platform], { kind: 'something new' }), undefined, 'a kind that is not known')
  assert.equal(await findWith([platform], { kind: null }), undefined, 'there is no such account')
  assert.equal(await findWith([platform], { accountId: 'somebody else' }), undefined, 'another’s grant')
})
