// T02, G1: what a caller proves itself with stays with us. Upstreams that write down every byte never see a token, a key, a
// session id or a cookie, nor a credential under another spelling; what the operator gave us for them does arrive.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { createWitness, type Gateway, said, startGateway, type Witness } from '../support/gateway.ts'
import { type McpOptions, mcp, type Version } from '../support/mcp.ts'

verifies('T02', 'G1', 'RS5')

const OWN = 'the-upstreams-own-credential-7f3a'
const COOKIE = 'cookie-canary-51d0c6'
const SPARE = 'header-canary-9be2f4'
const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']

let gateway: Gateway
let web: HttpWitness
let old: HttpWitness
let child: Witness
let token: string
let key: string
const sessions: string[] = []

before(async () => {
  web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look')] })
  old = await startHttpWitness({ era: 'legacy', name: 'old', tools: [tool('look')] })
  gateway = await startGateway({
    servers: (folder) => {
      child = createWitness(folder, 'child', { era: 'legacy', name: 'child', tools: [tool('look')] })
      const headers = { authorization: `Bearer ${OWN}`, 'x-team': 'blue' }
      return { web: { url: web.url, headers }, old: { url: old.url, headers }, child: { ...child.entry, env: { CHILD_TOKEN: OWN } } }
    },
  })
  token = await gateway.token()
  key = (await gateway.key()).key
  for (const version of ERAS) {
    for (const caller of [{ token }, { key }, { headers: { 'x-api-key': key } }]) await useEverything({ ...caller, version })
  }
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await old[Symbol.asyncDispose]()
})

/** One caller, with everything that a caller might send along, over each upstream. */
async function useEverything(options: McpOptions): Promise<void> {
  const extra = {
    cookie: `sid=${COOKIE}`,
    'proxy-authorization': `Basic ${SPARE}`,
    'x-access-token': SPARE,
    forwarded: `for=${SPARE}`,
    referer: `http://x.test/?token=${SPARE}`,
  }
  const client = mcp(gateway.url, { ...options, headers: { ...options.headers, ...extra } })
  for (const server of ['web', 'old', 'child']) {
    const answer = await client.call(`${server}__look`, { text: `of ${server}` }, { progressToken: 7 })
    assert.equal(said(answer), `${server}: look`)
  }
  if (options.version !== '2025-11-25') return
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
  const session = String((await client.request('initialize', initialize)).headers['mcp-session-id'])
  assert.notEqual(session, 'undefined')
  sessions.push(session)
  assert.equal(said(await client.request('tools/call', { name: 'child__look' }, { 'mcp-session-id': session })), 'child: look')
}

/** A secret, its parts, and what a careless copy may have made of it. */
function spellings(secret: string): string[] {
  const parts = [secret, ...secret.split(/[._]/).filter((part) => part.length >= 16)]
  return parts.flatMap((part) => {
    const bytes = Buffer.from(part)
    // Base64 of a longer text that holds the part: the same but for the ends, at each of three offsets.
    const inside = [0, 1, 2].map((offset) =>
      Buffer.concat([Buffer.alloc(offset), bytes])
        .toString('base64')
        .slice(4, -6),
    )
    return [part, bytes.toString('hex'), bytes.toString('base64url'), encodeURIComponent(part), ...inside].map((spelling) =>
      spelling.toLowerCase(),
    )
  })
}
const everything = (): Record<string, string> => ({
  web: web.everything().toLowerCase(),
  old: old.everything().toLowerCase(),
  child: `${child.received()}\n${JSON.stringify(child.starts())}`.toLowerCase(),
})

describe('T02: token passthrough', () => {
  it('no caller’s credential, session or cookie reaches an upstream, in any spelling', () => {
    const secrets = { token, key, ...Object.fromEntries(sessions.map((id, at) => [`session ${at}`, id])), cookie: COOKIE, header: SPARE }
    assert.equal(Object.keys(secrets).length, 4 + 3)
    for (const [upstream, seen] of Object.entries(everything())) {
      assert.ok(seen.includes(`of ${upstream}`), `${upstream} was called`)
      for (const [what, secret] of Object.entries(secrets)) {
        for (const spelling of spellings(secret)) assert.ok(!seen.includes(spelling), `${what} reached ${upstream}`)
      }
    }
  })
  it('nor does who the caller is', () => {
    for (const [upstream, seen] of Object.entries(everything())) {
      for (const hint of ['spk_', '"ana"', 'sallyport-test', 'cookie:', 'x-api-key', 'x-forwarded'])
        assert.ok(!seen.includes(hint), `${hint} reached ${upstream}`)
    }
  })
  it('an upstream gets what the operator configured for it, on every request, and nothing else to prove anything with', () => {
    for (const { seen } of [web, old]) {
      for (const { headers } of seen) {
        const all = new Map(headers)
        assert.equal(all.size, headers.length, 'no header twice')
        assert.equal(all.get('authorization'), `Bearer ${OWN}`)
        assert.equal(all.get('x-team'), 'blue')
        const ours = [
          'host',
          'connection',
          'content-type',
          'content-length',
          'accept',
          'mcp-protocol-version',
          'mcp-method',
          'mcp-name',
          'mcp-session-id',
        ]
        for (const name of all.keys()) assert.ok(['authorization', 'x-team', ...ours].includes(name), `${name} was sent`)
        assert.ok([undefined, 'the-upstreams-own-session'].includes(all.get('mcp-session-id')))
      }
    }
    assert.equal(child.starts()[0]?.env['CHILD_TOKEN'], OWN)
  })
  it('a child is started with no variable of ours but the few that every program needs', () => {
    const names = Object.keys(child.starts()[0]?.env ?? {})
    const certificates = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NO_PROXY']
    // bubblewrap says where it is: a folder inside.
    const allowed = ['PWD', 'PATH', 'HOME', 'LANG', 'TERM', 'TZ', 'NO_COLOR', 'TMPDIR', 'USER', ...certificates, 'CHILD_TOKEN']
    // Windows and macOS add some of their own to every process.
    assert.deepEqual(
      names.filter(
        (name) =>
          !allowed.includes(name) && (process.env[name] !== undefined || /sallyport|node/i.test(name)) && process.platform === 'linux',
      ),
      [],
    )
  })
  it('a credential in the wrong place gets nobody in, and nothing out', async () => {
    const count = web.seen.length
    const answer = await mcp(gateway.url).post(
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { cookie: `authorization=Bearer ${token}`, 'proxy-authorization': `Bearer ${token}` },
    )
    assert.equal(answer.status, 401)
    assert.equal(web.seen.length, count)
  })
})
