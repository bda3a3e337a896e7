/**
 * SEP-1933: a workload shows its platform's word and nothing else. What Kubernetes and GitHub Actions write is let in as far as a rule
 * says; what is for somebody else, of somebody else, or older than it may be, is not.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createClients } from '../../src/oauth/index.ts'
import { verifies } from '../requirements.ts'
import { authorizeUrl, type Fixture, postForm, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { type Issuer, JWT_BEARER, startIssuer, TOKEN_EXCHANGE } from '../support/issuer.ts'

verifies('workload-identity', 'issuer-keys')

const PREFIX = 'system:serviceaccount:prod:'
let kubernetes: Issuer
let ci: Issuer
let people: Issuer
let fixture: Fixture

before(async () => {
  kubernetes = await startIssuer({ rsa: true })
  ci = await startIssuer()
  people = await startIssuer()
  fixture = await startAuthorizationServer({
    trustedIssuers: [
      {
        issuer: kubernetes.issuer,
        use: ['workload'],
        subjects: {
          [`${PREFIX}reports`]: { scopes: ['tools:read', 'tools:execute'], roles: ['reports'] },
          [`${PREFIX}*`]: { scopes: ['tools:read'] },
        },
        dangerouslyAllowReuse: true,
      },
      {
        issuer: ci.issuer,
        use: ['workload'],
        audience: 'sallyport',
        subjects: { 'repo:octo-org/octo-repo:ref:refs/heads/*': { scopes: ['tools:execute'] } },
        tokenTtlSeconds: 300,
      },
      // Of its people one is called like a pod, and is none.
      { issuer: people.issuer, use: ['id-jag'], subjects: { [`${PREFIX}reports`]: { scopes: ['tools:read'] } } },
    ],
  })
})
after(async () => {
  for (const each of [fixture, kubernetes, ci, people]) await each[Symbol.asyncDispose]()
})

const ask = (assertion: string | undefined, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Response> =>
  postForm(`${fixture.issuer}/token`, { grant_type: JWT_BEARER, assertion, ...fields }, headers)
const json = async (response: Response) => (await response.json()) as Record<string, string>
const now = () => Math.floor(Date.now() / 1000)
/** As a projected service account token: an audience in a list, no typ, the pod beside. */
const pod = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> =>
  kubernetes.sign(
    {
      aud: [fixture.issuer],
      sub: `${PREFIX}reports`,
      nbf: now(),
      exp: now() + 3607,
      'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'reports', uid: 'a' }, pod: { name: 'reports-1', uid: 'b' } },
      ...changes,
    },
    header,
  )
/** As the token of a job of GitHub Actions. */
const job = (changes: Record<string, unknown> = {}): Promise<string> =>
  ci.sign(
    {
      aud: 'sallyport',
      sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
      repository: 'octo-org/octo-repo',
      repository_owner: 'octo-org',
      ref: 'refs/heads/main',
      runner_environment: 'github-hosted',
      ...changes,
    },
    { typ: 'JWT' },
  )

test('a pod and a job get what their rule says, with nothing but their platform’s word', async () => {
  const response = await ask(await pod())
  const tokens = (await response.json()) as Tokens
  assert.equal(response.status, 200, JSON.stringify(tokens))
  assert.deepEqual([tokens.expires_in, tokens.scope, tokens.refresh_token], [900, 'tools:read tools:execute', undefined])
  const principal = await verify(fixture, tokens.access_token)
  assert.ok(typeof principal === 'object')
  assert.deepEqual([principal.issuer, principal.subject, principal.roles], [kubernetes.issuer, `${PREFIX}reports`, ['reports']])
  const record = fixture.records.at(-1)
  assert.deepEqual(
    [record?.action, record?.decision, record?.issuer, record?.subject, record?.user],
    ['token', 'allow', kubernetes.issuer, `${PREFIX}reports`, `${kubernetes.issuer}#${PREFIX}reports`],
  )

  assert.equal((await json(await ask(await pod({ sub: `${PREFIX}other` }))))['scope'], 'tools:read', 'the second rule')
  const asked = await json(await ask(await job(), { scope: 'tools:execute admin', resource: fixture.resource }))
  assert.deepEqual([asked['scope'], asked['expires_in']], ['tools:execute', 300])
})

test('an id that it sends along proves nothing and changes nothing', async () => {
  const registered = await createClients({ ...fixture, clock: Date.now }).create({
    name: 'Agent',
    grantTypes: [JWT_BEARER],
    authMethod: 'client_secret_basic',
    createdBy: 'test',
  })
  for (const client_id of ['conformance-wif-workload', 'sallyport:workload', registered.id, 'https://a.example/client.json']) {
    const { access_token: token = '' } = await json(await ask(await pod(), { client_id }))
    const principal = await verify(fixture, token)
    assert.equal(typeof principal === 'object' && principal.clientId, 'sallyport:workload', client_id)
  }
  const authorization = `Basic ${Buffer.from(`${registered.id}:${registered.secret}`).toString('base64')}`
  assert.deepEqual(
    (await json(await ask(await pod(), {}, { authorization })))['error'],
    'invalid_request',
    'a client that authenticates is no workload',
  )
})

test('nobody else is the client of workloads', async () => {
  const client_id = 'sallyport:workload'
  const { status } = await postForm(`${fixture.issuer}/token`, { grant_type: 'client_credentials', client_id })
  assert.equal(status, 400)
  for (const grant_type of [TOKEN_EXCHANGE, 'refresh_token', 'authorization_code']) {
    assert.equal((await postForm(`${fixture.issuer}/token`, { grant_type, client_id })).status, 400, grant_type)
  }
  assert.equal((await fetch(authorizeUrl(fixture, client_id).url, { redirect: 'manual' })).status, 400)
  const jag = await people.idJag({ aud: fixture.issuer, resource: fixture.resource, client_id })
  assert.equal((await json(await ask(jag, { client_id })))['error'], 'unauthorized_client', 'an ID-JAG needs a client that authenticates')
})

test('what is wrong with one thing is refused, quotes nothing, and is on record', async () => {
  const attempts: Record<string, readonly [assertion: string | undefined, error: string]> = {
    nothing: [undefined, 'invalid_request'],
    'two servers’': [await pod({ aud: [fixture.issuer, 'https://kubernetes.default.svc'] }), 'invalid_grant'],
    'for the platform itself': [await pod({ aud: ['https://kubernetes.default.svc'] }), 'invalid_grant'],
    'ours, where another audience was agreed': [await job({ aud: fixture.issuer }), 'invalid_grant'],
    'another namespace’s': [await pod({ sub: 'system:serviceaccount:dev:reports' }), 'invalid_grant'],
    'one colon more than the rule has': [await pod({ sub: `${PREFIX}reports:admin` }), 'invalid_grant'],
    'another repository’s': [await job({ sub: 'repo:octo-org/other:ref:refs/heads/main' }), 'invalid_grant'],
    'a pull request’s': [await job({ sub: 'repo:octo-org/octo-repo:pull_request' }), 'invalid_grant'],
    'a tag’s': [await job({ sub: 'repo:octo-org/octo-repo:ref:refs/tags/v1' }), 'invalid_grant'],
    'a wildcard itself': [await job({ sub: 'repo:octo-org/octo-repo:*:*' }), 'invalid_grant'],
    expired: [await pod({ iat: now() - 4000, exp: now() - 300 }), 'invalid_grant'],
    'good for a year': [await pod({ exp: now() + 365 * 86_400 }), 'invalid_grant'],
    'without an end': [await pod({ exp: undefined }), 'invalid_grant'],
    'not valid yet': [await pod({ nbf: now() + 300 }), 'invalid_grant'],
    'the other platform’s subject': [await ci.sign({ aud: 'sallyport', sub: `${PREFIX}reports` }), 'invalid_grant'],
    'of an issuer that is trusted for people': [await people.sign({ aud: fixture.issuer, sub: `${PREFIX}reports` }), 'invalid_grant'],
    'an access token of the platform': [await pod({}, { typ: 'at+jwt' }), 'invalid_grant'],
    'of a key that nobody publishes': [await pod({}, { kid: 'nobody’s' }), 'invalid_grant'],
  }
  for (const [name, [assertion, error]] of Object.entries(attempts)) {
    const before = fixture.records.length
    const response = await ask(assertion)
    const answer = await json(response)
    assert.deepEqual(
      [response.status, answer['error'], answer['access_token']],
      [400, error, undefined],
      `${name}: ${JSON.stringify(answer)}`,
    )
    assert.ok(!/reports|octo|kubernetes/.test(answer['error_description'] ?? ''), `${name} quotes nothing`)
    const [record] = fixture.records.slice(before)
    assert.deepEqual([record?.action, record?.decision, record?.reason], ['token', 'deny', error], name)
  }
  assert.equal((await json(await ask(await job(), { scope: 'tools:read' })))['error'], 'invalid_scope', 'not in its rule')
  assert.equal((await json(await ask(await job(), { resource: 'https://elsewhere.example/mcp' })))['error'], 'invalid_target')
})

test('an assertion is good once where its platform makes a new one each time, and again only where an operator said so', async () => {
  const assertion = await job()
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(assertion)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  const mounted = await pod()
  assert.deepEqual([(await ask(mounted)).status, (await ask(mounted)).status], [200, 200])
})

test('one that has no jti, so that nobody can tell whether it comes again, is good for some minutes unless an operator said otherwise', async () => {
  const old = { iat: now() - 400, exp: now() + 300 }
  assert.equal((await ask(await job({ jti: undefined }))).status, 200)
  assert.equal((await ask(await job({ jti: undefined, iat: now() - 240 }))).status, 200)
  const response = await ask(await job({ ...old, jti: undefined }))
  assert.deepEqual([response.status, (await json(response))['error']], [400, 'invalid_grant'])
  assert.equal((await ask(await job(old))).status, 200, 'it has one, and is good once')
  assert.equal((await ask(await pod({ jti: undefined, iat: now() - 3000, nbf: now() - 3000 }))).status, 200, 'an operator said otherwise')
})

test('a refusal for something else does not use it up', async () => {
  const assertion = await job()
  assert.equal((await ask(assertion, { scope: 'tools:read' })).status, 400)
  assert.equal((await ask(assertion, { resource: 'https://elsewhere.example/mcp' })).status, 400)
  assert.equal((await ask(assertion)).status, 200)
})

test('a workload ends its own token, and the others end by themselves after a quarter of an hour', async () => {
  const tokenOf = async (text: string) => String((await json(await ask(text)))['access_token'])
  const [one, two] = [await tokenOf(await pod()), await tokenOf(await pod())]
  await postForm(`${fixture.issuer}/revoke`, { token: one, client_id: 'sallyport:workload' })
  assert.equal(await verify(fixture, one), 'revoked')
  assert.equal(typeof (await verify(fixture, two)), 'object')
  fixture.advance(920_000)
  assert.equal(await verify(fixture, two), 'expired')
})

test('keys: a new one is found, an unknown one asked for once in half a minute, and an outage lets nobody in', async () => {
  await using platform = await startIssuer()
  await using server = await startAuthorizationServer({
    trustedIssuers: [{ issuer: platform.issuer, use: ['workload'], subjects: { 'job-*': { scopes: ['tools:read'] } } }],
  })
  const send = async (sub = 'job-1') => {
    const assertion = await platform.sign({ aud: server.issuer, sub })
    return postForm(`${server.issuer}/token`, { grant_type: JWT_BEARER, assertion })
  }
  platform.fail(503)
  const failed = await send()
  assert.deepEqual([failed.status, (await json(failed))['error']], [400, 'invalid_grant'])
  platform.fail(undefined)
  server.advance(31_000)
  assert.equal((await send()).status, 200)
  const fetched = () => platform.asked.filter((path) => path === '/keys').length
  const before = fetched()
  assert.equal((await send()).status, 200)
  assert.equal(fetched(), before, 'kept')

  platform.rotate(false)
  server.advance(31_000)
  for (let i = 0; i < 20; i++) assert.equal((await send()).status, 400, 'a key that nobody publishes')
  assert.equal(fetched(), before + 1, 'looked for once')
  platform.rotate()
  server.advance(31_000)
  assert.equal((await send()).status, 200, 'the new one')
  platform.describe({ issuer: 'https://elsewhere.example' })
  assert.equal((await send()).status, 200, 'known already')
})

test('metadata about somebody else is nobody’s, and neither is a key that can be shared', async () => {
  await using liar = await startIssuer()
  await using sharer = await startIssuer()
  const subjects = { 'job-*': { scopes: ['tools:read'] } }
  await using server = await startAuthorizationServer({
    trustedIssuers: [
      { issuer: liar.issuer, use: ['workload'], subjects },
      { issuer: sharer.issuer, use: ['workload'], subjects },
    ],
  })
  liar.describe({ issuer: 'https://elsewhere.example' })
  const send = async (assertion: string) => (await postForm(`${server.issuer}/token`, { grant_type: JWT_BEARER, assertion })).status
  assert.equal(await send(await liar.sign({ aud: server.issuer, sub: 'job-1' })), 400)
  const { SignJWT } = await import('jose')
  const secret = Buffer.from('a secret that everybody can read')
  sharer.alsoPublish({ kty: 'oct', k: secret.toString('base64url'), kid: 'shared', alg: 'HS256' })
  const claims = { iss: sharer.issuer, aud: server.issuer, sub: 'job-1', iat: now(), exp: now() + 60, jti: 'x' }
  assert.equal(await send(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'shared' }).sign(secret)), 400)
  assert.equal(await send(await sharer.sign({ aud: server.issuer, sub: 'job-1' })), 200, 'the twin that is right')
})
