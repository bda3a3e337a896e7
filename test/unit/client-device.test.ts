import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { AuthorizationError } from '../../src/client/index.ts'
import { createNetwork } from '../../src/client/network.ts'
import { type DeviceCode, signInOnDevice } from '../../src/client/sign-in/device-sign-in.ts'
import type { Tokens } from '../../src/client/sign-in/token-request.ts'
import { problemOf } from '../support/client.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

interface Answers {
  readonly code?: Json
  readonly status?: number
  /** What the token endpoint says, one after the other; the last one again and again. */
  readonly polls?: readonly Json[]
}

interface Outcome {
  readonly shown: readonly DeviceCode[]
  readonly forms: readonly Record<string, string>[]
  readonly result: Promise<Tokens>
}

/** A sign-in at an authorization server that says these things. */
async function attempt(
  { code, status = 200, polls = [] }: Answers,
  use: (outcome: Outcome) => Promise<void>,
  more: { signal?: AbortSignal; ahead?: () => number } = {},
): Promise<void> {
  const forms: Record<string, string>[] = []
  const shown: DeviceCode[] = []
  let polled = 0
  const http = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    forms.push(Object.fromEntries(new URLSearchParams(text)))
    const json = (answered: number, body: unknown): void =>
      void response.writeHead(answered, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.url === '/device') return json(status, code ?? said)
    const answer = polls[Math.min(polled++, polls.length - 1)]
    json(answer?.error === undefined ? 200 : 400, answer)
  })
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const network = createNetwork({ serverUrl: new URL(issuer), privateHosts: [], ca: [] })
  const server = {
    issuer,
    authorizationEndpoint: undefined,
    deviceAuthorizationEndpoint: new URL('/device', issuer),
    tokenEndpoint: new URL('/token', issuer),
    registrationEndpoint: undefined,
    revocationEndpoint: undefined,
    scopes: undefined,
    clientAuthMethods: ['none'],
    readsClientDocuments: false,
    dpopAlgorithms: undefined,
    namesItself: false,
  }
  const result = signInOnDevice({
    network,
    clock: () => Date.now() + (more.ahead?.() ?? 0),
    grant: { server, client: { issuer, clientId: 'tv', method: 'none' }, resource: 'https://mcp.example/mcp' },
    scopes: ['tools:read'],
    proof: undefined,
    bearerWillDo: false,
    onDeviceCode: (one) => void shown.push(one),
    signal: more.signal ?? new AbortController().signal,
  })
  result.catch(() => {})
  try {
    await use({ shown, forms, result })
  } finally {
    await result.catch(() => {})
    await network.close()
    http.closeAllConnections()
    await new Promise((closed) => http.close(closed))
  }
}
const said = {
  device_code: 'the-device-code',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://as.example/device',
  verification_uri_complete: 'https://as.example/device?user_code=WDJB-MJHT',
  expires_in: 600,
  interval: 1,
}
const pending = { error: 'authorization_pending' }
const granted = { access_token: 'a-token', token_type: 'Bearer', refresh_token: 'r' }

describe('on another device', { concurrency: true }, () => {
  it('a person is shown the code, and asked for until they are done', () =>
    attempt({ polls: [pending, { error: 'slow_down' }, granted] }, async ({ shown, forms, result }) => {
      assert.equal((await result).accessToken, 'a-token')
      assert.deepEqual(
        shown.map(({ userCode, verificationUri, verificationUriComplete }) => ({ userCode, verificationUri, verificationUriComplete })),
        [{ userCode: 'WDJB-MJHT', verificationUri: said.verification_uri, verificationUriComplete: said.verification_uri_complete }],
      )
      assert.deepEqual(forms[0], { client_id: 'tv', scope: 'tools:read', resource: 'https://mcp.example/mcp' })
      assert.equal(forms.length, 4)
      assert.equal(forms[3]?.['device_code'], 'the-device-code')
      assert.ok(!JSON.stringify(shown).includes('the-device-code'))
    }))

  it('it ends with what the person or the authorization server said', async () => {
    for (const [answer, problem] of [
      [{ error: 'access_denied' }, 'AuthorizationError authorization_denied'],
      [{ error: 'expired_token' }, 'AuthorizationError sign_in_expired'],
      [{ error: 'invalid_grant' }, 'AuthorizationError token_refused'],
      [{ ...granted, token_type: 'mac' }, 'AuthorizationError token_refused'],
    ] as const)
      await attempt({ polls: [answer] }, async ({ result }) => assert.equal(await problemOf(result), problem))
  })

  it('it ends when the code is too old, whatever the authorization server still says', async () => {
    let ahead = 0
    await attempt(
      { polls: [pending], code: { ...said, expires_in: 1e9 } },
      async ({ shown, result }) => {
        await until('the code is shown', () => shown.length === 1)
        ahead = 31 * 60_000
        assert.equal(await problemOf(result), 'AuthorizationError sign_in_expired')
      },
      { ahead: () => ahead },
    )
  })

  it('it ends with its signal, in the middle of the wait', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    await attempt(
      { polls: [pending], code: { ...said, interval: 1e9 } },
      async ({ result }) => {
        stop.abort(reason)
        await assert.rejects(result, (error) => error === reason)
      },
      { signal: stop.signal },
    )
  })

  it('nothing is shown that a person must not be sent to, or that is no code', async () => {
    for (const [change, problem] of [
      [{ verification_uri: 'http://as.example/device' }, 'insecure_url'],
      [{ verification_uri: 'javascript:alert(1)' }, 'insecure_url'],
      [{ verification_uri_complete: 'file:///etc/passwd' }, 'insecure_url'],
      [{ verification_uri: 'https://user@as.example/' }, 'insecure_url'],
      [{ verification_uri: undefined }, 'metadata_invalid'],
      [{ verification_uri: `https://as.example/${'a'.repeat(3000)}` }, 'metadata_invalid'],
      [{ user_code: `A\u001b[31m` }, 'metadata_invalid'],
      [{ user_code: 'A'.repeat(65) }, 'metadata_invalid'],
      [{ device_code: 'a b' }, 'metadata_invalid'],
      [{ expires_in: 'soon' }, 'metadata_invalid'],
      [{ expires_in: -1 }, 'metadata_invalid'],
    ] as const)
      await attempt({ code: { ...said, ...change } }, async ({ shown, result }) => {
        await assert.rejects(result, (error: AuthorizationError) => error.code === problem, JSON.stringify(change))
        assert.deepEqual(shown, [])
      })
    await attempt({ status: 400, code: { error: 'invalid_scope' } }, async ({ result }) => {
      await assert.rejects(result, { code: 'token_refused', reason: 'invalid_scope' })
    })
  })
})
