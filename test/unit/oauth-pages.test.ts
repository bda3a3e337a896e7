/** What a person sees and answers: login, consent, errors. Everything without a script. */

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { heldBackPage, problemPage } from '../../src/oauth/pages/index.ts'
import { ANA, authorizeUrl, connect, type Fixture, register, startAuthorizationServer, verify } from '../support/authorization.ts'
import { type Browser, createBrowser, type Form, formsOf, prefilled, type Shown, signIn, textOf } from '../support/browser.ts'

const BEN = { name: 'ben', password: 'another long passphrase' }

async function openPage(browser: Browser, url: string): Promise<Shown> {
  const shown = await browser.open(url)
  assert.ok(!('stoppedAt' in shown))
  return shown
}
const formOf = (page: Shown): Form => {
  const form = formsOf(page)[0]
  assert.ok(form, textOf(page.html))
  return form
}
async function answer(browser: Browser, page: Shown, extra: [string, string][]): Promise<Shown> {
  const form = formOf(page)
  const shown = await browser.submit(page, form, [...prefilled(form), ...extra], (url) => url.includes('/callback'))
  assert.ok(!('stoppedAt' in shown), 'stayed here')
  return shown
}
const logIn = (browser: Browser, page: Shown, { name, password }: { name: string; password: string }) =>
  answer(browser, page, [
    ['name', name],
    ['password', password],
  ])

test('pages run no script of anybody else, cannot be framed, are not cached, and lead only to where the client registered', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const browser = createBrowser()
  const login = await openPage(browser, authorizeUrl(fixture, clientId).url)
  const consent = await logIn(browser, login, ANA)
  for (const { headers, html } of [login, consent]) {
    const policy = headers.get('content-security-policy') ?? ''
    const [script] = /<script>([\s\S]*?)<\/script>/.exec(html)?.slice(1) ?? []
    const scriptSource = script === undefined ? '' : ` script-src 'sha256-${hash('sha256', script, 'base64')}';`
    const [, before, after] = /^(default-src 'none'; style-src 'sha256-[\w+/]+=';)(.*)$/.exec(policy) ?? []
    assert.ok(before, policy)
    assert.equal(after, `${scriptSource} form-action 'self' http://127.0.0.1:53591; frame-ancestors 'none'; base-uri 'none'`)
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('access-control-allow-origin'), null)
    assert.doesNotMatch(html.replace(/<script>[\s\S]*?<\/script>/, ''), /<script|\son\w+=|style="/i)
  }
  assert.match(login.html, /<script>/, 'a passkey cannot be used without one')
  assert.doesNotMatch(consent.html, /<script/)
})

test('a page that leads to an IPv6 address names its scheme, since a policy cannot name it', async () => {
  await using fixture = await startAuthorizationServer()
  const redirect_uri = 'http://[::1]:4000/cb'
  const { client_id: clientId } = await register(fixture, { redirect_uris: [redirect_uri] })
  const login = await openPage(createBrowser(), authorizeUrl(fixture, clientId, { redirect_uri }).url)
  assert.match(login.headers.get('content-security-policy') ?? '', /form-action 'self' http:;/)
  assert.ok((await signIn(authorizeUrl(fixture, clientId, { redirect_uri }).url, ANA)).startsWith(`${redirect_uri}?code=`))
})

test('the consent page says who asks, where the answer goes, and what it may do', async () => {
  await using fixture = await startAuthorizationServer({ scopes: () => ['tools:read', 'tools:execute', 'notes:read'] })
  const { client_id: clientId } = await register(fixture, { client_name: 'Claude Code (notes)' })
  const browser = createBrowser()
  const consent = await logIn(browser, await openPage(browser, authorizeUrl(fixture, clientId).url), ANA)
  const text = textOf(consent.html)
  for (const part of [
    '“Claude Code (notes)”',
    `localhost:${fixture.port}`,
    'signed in as ana',
    'not verified',
    'this computer (127.0.0.1:53591)',
    'It can read',
    'Use the tools that only read',
    'It can delete things or run code',
    '“notes:read”',
    clientId,
  ]) {
    assert.ok(text.includes(part), `${part} in: ${text}`)
  }
  const submits = formOf(consent).fields.filter(({ type }) => type === 'submit')
  assert.deepEqual(
    submits.map(({ value }) => value),
    ['deny', 'allow'],
  )
})

test('a client’s name is text, whatever is in it', async () => {
  await using fixture = await startAuthorizationServer()
  const client_name = '<script>alert(1)</script>"\'&\u202Eevil\u0000 \u200Bname\u3164\u115f\u2800'
  const { client_id: clientId } = await register(fixture, { client_name })
  const browser = createBrowser()
  const login = await openPage(browser, authorizeUrl(fixture, clientId).url)
  assert.ok(login.html.includes('<bdi class="name">“&lt;script&gt;alert(1)&lt;/script&gt;&#39;&#39;&amp;evil name”</bdi>'))
  assert.equal(login.html.split('<script').length, 2, 'the one of ours')
  assert.doesNotMatch(login.html, /[\u202e\u200b\u0000\u3164\u115f\u2800]/)
})

test('a client’s name stays inside an element and quotation marks of its own', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture, {
    client_name: `Claude Code” to use \u201ethe clock\u201f\uff02?\u{1f512} verified e${'\u0301'.repeat(30)}`,
  })
  const browser = createBrowser()
  const login = await openPage(browser, authorizeUrl(fixture, clientId).url)
  for (const { html } of [login, await logIn(browser, login, ANA)]) {
    const names = [...html.matchAll(/<bdi class="name">“([^<]*)”<\/bdi>/g)].map(([, name = '']) => name)
    assert.equal(names.length, 1)
    assert.match(names[0] ?? '', /^Claude Code&#39; to use &#39;the clock&#39;&#39;\?\u{1f512} verified \u00e9\u0301{1,4}$/u)
    assert.doesNotMatch(html.replaceAll(names[0] ?? '', ''), /Claude/)
  }
})

test('Deny tells the client so, and grants nothing', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const landed = new URL(await signIn(authorizeUrl(fixture, clientId).url, { ...ANA, deny: true }))
  assert.equal(landed.searchParams.get('error'), 'access_denied')
  assert.equal(landed.searchParams.get('iss'), fixture.issuer)
  assert.deepEqual(await fixture.store.records('grant').list(), [])
  const [record, ...others] = fixture.records.filter(({ action }) => action !== 'client.register' && action !== 'sign-in')
  assert.deepEqual([record?.action, record?.decision, record?.subject, record?.clientId], ['consent', 'deny', 'ana', clientId])
  assert.deepEqual(others, [], 'one record for one decision')
})

test('what is unticked is not granted, now or at the next refresh', async () => {
  await using fixture = await startAuthorizationServer()
  const { tokens, refresh } = await connect(fixture, { person: { ...ANA, untick: ['run'] } })
  assert.deepEqual(new Set(tokens.scope?.split(' ')), new Set(['tools:read', 'prompts:read', 'resources:read']))
  const renewed = (await (await refresh()).json()) as { scope: string; access_token: string }
  assert.ok(!renewed.scope.includes('tools:execute'))
  const principal = await verify(fixture, renewed.access_token)
  assert.ok(typeof principal === 'object' && !principal.scopes.includes('tools:execute'))
})

test('Allow with nothing ticked is asked again', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const browser = createBrowser()
  const consent = await logIn(browser, await openPage(browser, authorizeUrl(fixture, clientId).url), ANA)
  const form = formOf(consent)
  const hidden = form.fields.filter(({ type }) => type === 'hidden').map(({ name, value }): [string, string] => [name, value])
  const again = await browser.submit(consent, form, [...hidden, ['decision', 'allow']])
  assert.ok(!('stoppedAt' in again))
  assert.equal(again.status, 400)
  assert.match(textOf(again.html), /Nothing is ticked/)
})

test('a form of another sign-in, of another site, or for another question is not taken', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const [browser, stranger] = [createBrowser(), createBrowser()]
  const login = await openPage(browser, authorizeUrl(fixture, clientId).url)
  const theirs = await openPage(stranger, authorizeUrl(fixture, clientId).url)
  const tokenOf = (page: Shown) => formOf(page).fields.find(({ name }) => name === 'csrf')?.value ?? ''
  const post = async (page: Shown, action: string, csrf: string, headers: Record<string, string> = {}) => {
    const body = new URLSearchParams({
      ...Object.fromEntries(prefilled(formOf(page))),
      csrf,
      name: ANA.name,
      password: ANA.password,
      decision: 'allow',
      group: 'read',
    })
    const cookie = browser.cookies.headerFor(action)
    const response = await fetch(action, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: { cookie, origin: new URL(page.url).origin, ...headers },
    })
    return [response.status, textOf(await response.text())] as const
  }
  const { action } = formOf(login)
  for (const [name, attempt] of Object.entries({
    'no token': () => post(login, action, ''),
    'another sign-in’s token': () => post(login, action, tokenOf(theirs)),
    'another site': () => post(login, action, tokenOf(login), { origin: 'https://evil.example' }),
    'a framed page': () => post(login, action, tokenOf(login), { origin: 'null' }),
  })) {
    const [status, text] = await attempt()
    assert.equal(status, 403, name)
    assert.match(text, /not ours/, name)
  }
  const [status] = await post(login, formOf(theirs).action, tokenOf(theirs))
  assert.equal(status, 400, 'the sign-in of another browser, without its cookie')
  const [early] = await post(login, action.replace('/login', '/consent'), tokenOf(login))
  assert.equal(early, 400, 'consent before the login')

  const consent = await logIn(browser, login, ANA)
  const [old] = await post(consent, formOf(consent).action, tokenOf(login))
  assert.equal(old, 403, 'the login’s token on the consent form')
  const [right] = await post(consent, formOf(consent).action, tokenOf(consent))
  assert.equal(right, 303)
  const [again] = await post(consent, formOf(consent).action, tokenOf(consent))
  assert.equal(again, 303)
  assert.equal((await fixture.store.records('grant').list()).length, 1, 'the same answer again is one grant')
})

test('the cookie of one sign-in does not answer another that is open in the same browser', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: one } = await register(fixture, { client_name: 'One' })
  const { client_id: two } = await register(fixture, { client_name: 'Two' })
  const browser = createBrowser()
  const first = await openPage(browser, authorizeUrl(fixture, one).url)
  const second = await openPage(browser, authorizeUrl(fixture, two).url)
  const cookieOfSecond = browser.cookies.headerFor(second.url)
  const crossed = await fetch(first.url, { headers: { cookie: cookieOfSecond } })
  assert.equal(crossed.status, 400)
  assert.match(textOf((await logIn(browser, first, ANA)).html), /“One”/)
  assert.match(textOf((await openPage(browser, second.url)).html), /“Two”/)
})

test('who is signed in is not asked again, but every client needs a consent of its own, each time', async () => {
  await using fixture = await startAuthorizationServer()
  const browser = createBrowser()
  for (const round of [1, 2]) {
    const { client_id: clientId } = await register(fixture)
    for (const again of [1, 2]) {
      const shown = await openPage(browser, authorizeUrl(fixture, clientId).url)
      const consent = round + again === 2 ? await logIn(browser, shown, ANA) : shown
      assert.match(textOf(consent.html), /Allow “Test client”/)
      const stopped = await browser.submit(consent, formOf(consent), [...prefilled(formOf(consent)), ['decision', 'allow']], (url) =>
        url.includes('/callback'),
      )
      assert.ok('stoppedAt' in stopped)
    }
  }
  assert.equal(fixture.records.filter(({ action }) => action === 'sign-in').length, 1)
  assert.equal(fixture.records.filter(({ action }) => action === 'consent').length, 4)
})

test('prompt=login asks again, and somebody else can sign in then', async () => {
  await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
  const browser = createBrowser()
  const { client_id: clientId } = await register(fixture)
  await signIn(authorizeUrl(fixture, clientId).url, ANA, browser)
  await signIn(authorizeUrl(fixture, clientId, { prompt: 'login' }).url, BEN, browser)
  assert.deepEqual(
    fixture.records.filter(({ action }) => action === 'consent').map(({ subject }) => subject),
    ['ana', 'ben'],
  )
})

test('the session of an account that is gone asks for a login', async () => {
  await using fixture = await startAuthorizationServer({ people: [ANA, BEN] })
  const browser = createBrowser()
  const { client_id: clientId } = await register(fixture)
  await signIn(authorizeUrl(fixture, clientId).url, ANA, browser)
  await fixture.store.records('account').takeOnce('ana')
  await signIn(authorizeUrl(fixture, clientId).url, BEN, browser)
  assert.equal(fixture.records.findLast(({ action }) => action === 'consent')?.subject, 'ben')
})

test('cookies are out of reach of scripts and other sites, signed, and a changed one is nobody’s', async () => {
  await using fixture = await startAuthorizationServer()
  const browser = createBrowser()
  const { client_id: clientId } = await register(fixture)
  const url = authorizeUrl(fixture, clientId).url
  const login = await openPage(browser, url)
  await logIn(browser, login, ANA)
  const set = browser.cookies.seen.filter((line) => !/=;/.test(line))
  assert.ok(set.some((line) => line.startsWith(`sallyport_${fixture.port}_session=`)))
  for (const line of set) {
    assert.match(line, /httponly/i)
    assert.match(line, /samesite=lax/i)
  }
  for (const name of ['session', 'interaction', 'resume'])
    assert.ok(
      set.some((line) => line.startsWith(`sallyport_${fixture.port}_${name}.sig=`)),
      name,
    )
  assert.match(set.find((line) => line.includes('_interaction=')) ?? '', /path=\/interaction\//)

  const forged = browser.cookies.headerFor(login.url).replace(/\.sig=./, '.sig=_')
  const changed = await fetch(login.url, { headers: { cookie: forged } })
  assert.equal(changed.status, 400)
})

test('a page that was opened under another name of this computer is opened again under the issuer’s', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture)
  const url = authorizeUrl(fixture, clientId).url.replace('//localhost:', '//127.0.0.1:')
  const landed = new URL(await signIn(url, ANA))
  assert.ok(landed.searchParams.get('code'))
})

test('a client that is not known gets a page that says what to do, never JSON', async () => {
  await using fixture = await startAuthorizationServer()
  for (const changes of [{}, { redirect_uri: 'https://evil.example/' }, { client_id: undefined }]) {
    const { url } = authorizeUrl(fixture, 'cl_forgotten', changes)
    const response = await fetch(url, { redirect: 'manual', headers: { accept: '*/*' } })
    assert.equal(response.status, 400)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
    assert.match(response.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    const text = textOf(await response.text())
    if (!('client_id' in changes)) for (const program of ['Claude Code', 'Codex', 'mcp-remote']) assert.match(text, new RegExp(program))
  }
})

test('nobody is sent to an address that the client did not register; the port of a loopback address is free', async () => {
  await using fixture = await startAuthorizationServer()
  const { client_id: clientId } = await register(fixture, {
    redirect_uris: ['http://127.0.0.1:1234/callback', 'http://localhost/callback'],
  })
  for (const redirect_uri of ['http://127.0.0.1:9/callback', 'http://localhost:53591/callback', 'http://127.0.0.1/callback']) {
    const landed = await signIn(authorizeUrl(fixture, clientId, { redirect_uri }).url, ANA)
    assert.ok(landed.startsWith(`${redirect_uri}?code=`), redirect_uri)
  }
  for (const redirect_uri of [
    'https://evil.example/callback',
    'http://127.0.0.1:1234/other',
    'http://127.0.0.1.evil.example:1234/callback',
    'http://[::1]:1234/callback',
    'http://user@127.0.0.1:1234/callback',
    'http://127.0.0.1:1234/callback?extra=1',
    'http://127.0.0.1:1234/callback#fragment',
    'javascript:alert(1)',
  ]) {
    const response = await fetch(authorizeUrl(fixture, clientId, { redirect_uri }).url, { redirect: 'manual' })
    assert.equal(response.status, 400, redirect_uri)
    assert.equal(response.headers.get('location'), null)
    assert.match(textOf(await response.text()), /will not send you there/)
  }
})

test('a sign-in that was finished, or never begun, is a page that says so', async () => {
  await using fixture = await startAuthorizationServer()
  for (const path of ['/interaction/unknown-unknown', '/authorize/unknown-unknown']) {
    const response = await fetch(fixture.issuer + path)
    assert.equal(response.status, 400, path)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  }
})

test('a form larger than any of ours is refused', async () => {
  await using fixture = await startAuthorizationServer()
  const post = (path: string) => fetch(fixture.issuer + path, { method: 'POST', body: new URLSearchParams({ name: 'x'.repeat(70_000) }) })
  for (const path of ['/interaction/unknown-unknown/login', '/setup', '/token', '/register', '/revoke']) {
    const { status } = await post(path)
    assert.ok(status === 413, `${path} ${status}`)
  }
})

test('on https the cookies are bound to this host and to TLS, whatever a proxy says', async () => {
  await using fixture = await startAuthorizationServer({ publicUrl: 'https://mcp.example.com', base: '/auth' })
  const ask = (path: string, init: RequestInit = {}) => behindProxy(fixture, path, init)
  const registered = await ask('/auth/register', {
    method: 'POST',
    body: JSON.stringify({ redirect_uris: ['https://app.example.com/cb'], token_endpoint_auth_method: 'none' }),
    headers: { 'content-type': 'application/json' },
  })
  const { client_id: clientId } = JSON.parse(registered.text)
  const { url } = authorizeUrl(fixture, clientId, { redirect_uri: 'https://app.example.com/cb' })
  const started = await ask(url.slice('https://mcp.example.com'.length))
  assert.equal(started.status, 303)
  assert.match(String(started.headers['location']), /^\/auth\/interaction\//)
  const cookies = started.headers['set-cookie'] ?? []
  assert.ok(cookies.some((line) => /^__Secure-sallyport_interaction=.*path=\/auth\/interaction\//.test(line)))
  assert.ok(cookies.some((line) => /^__Secure-sallyport_resume=.*path=\/auth\/authorize\//.test(line)))
  for (const line of cookies) assert.match(line, /; secure/i)

  // All the way, as a browser behind TLS would go: with the cookies of every answer.
  const jar = new Map<string, string>()
  const keep = (lines: readonly string[]) => {
    for (const line of lines) jar.set(line.slice(0, line.indexOf('=')), line.slice(0, line.indexOf(';')))
  }
  const cookie = () => [...jar.values()].join('; ')
  keep(cookies)
  const fill = (text: string, values: Record<string, string>) => {
    const form = formsOf({ html: text, url: fixture.issuer })[0]
    assert.ok(form)
    const body = new URLSearchParams([...prefilled(form), ...Object.entries(values)]).toString()
    return ask(new URL(form.action).pathname, {
      method: 'POST',
      body,
      headers: { cookie: cookie(), origin: 'https://mcp.example.com', 'content-type': 'application/x-www-form-urlencoded' },
    })
  }
  const login = await ask(String(started.headers['location']), { headers: { cookie: cookie() } })
  const signedIn = await fill(login.text, { name: ANA.name, password: ANA.password })
  keep(signedIn.headers['set-cookie'] ?? [])
  assert.ok(signedIn.headers['set-cookie']?.some((line) => /^__Host-sallyport_person=[\w-]{43}; Path=\/; Secure; HttpOnly/.test(line)))
  const resumed = await ask(String(signedIn.headers['location']), { headers: { cookie: cookie() } })
  assert.match(String(resumed.headers['location']), /^https:\/\/mcp\.example\.com\/auth\/authorize\//)
  const asked = await ask(new URL(String(resumed.headers['location'])).pathname, { headers: { cookie: cookie() } })
  keep(asked.headers['set-cookie'] ?? [])
  assert.ok([...jar.keys()].includes('__Host-sallyport_session'))
  const consent = await ask(String(asked.headers['location']), { headers: { cookie: cookie() } })
  assert.match(textOf(consent.text), /send you back to app\.example\.com/)
  const allowed = await fill(consent.text, { decision: 'allow' })
  const landed = await ask(new URL(String(allowed.headers['location'])).pathname, { headers: { cookie: cookie() } })
  assert.match(String(landed.headers['location']), /^https:\/\/app\.example\.com\/cb\?code=/)
})

interface Answered {
  readonly status: number
  readonly headers: import('node:http').IncomingHttpHeaders
  readonly text: string
}

/** As a proxy that ends TLS passes it on, with headers that a caller could have forged. */
async function behindProxy({ port }: Fixture, path: string, { method = 'GET', body, headers }: RequestInit): Promise<Answered> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: {
          host: 'mcp.example.com',
          'x-forwarded-host': 'evil.example',
          'x-forwarded-proto': 'http',
          ...(headers as Record<string, string>),
        },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      },
    )
    sent.on('error', reject)
    sent.end(body as string | undefined)
  })
}

test('a reader is told of another server, not of a resource indicator', () => {
  const provider = 'resource indicator is missing, or unknown'
  const target = 'https://program.example/callback?error=invalid_target'
  for (const { body } of [
    problemPage('invalid_target', provider),
    heldBackPage({ client: 'Program', code: 'invalid_target', description: provider, target }),
  ]) {
    assert.match(textOf(body.text), /does not work here: it names another server than this one, or none\./)
    assert.doesNotMatch(body.text, /indicator/)
  }
  assert.match(problemPage('invalid_request', 'no code_challenge').body.text, /does not work here: no code_challenge\./)
})
