// Every answer to a browser keeps what it is: in no frame, in no store, with no script but one of ours, and with forms that lead only
// where they say. Walked, not listed: a page that somebody adds and links to is looked at, too.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { authorizeUrl, CALLBACK, register } from '../support/authorization.ts'
import { createBrowser, prefilled, type Shown } from '../support/browser.ts'
import { pagesForPerson, pagesForStrangers, postsOf, startWithEverything } from '../support/every-page.ts'

verifies('clickjacking')

function problemsWith({ headers, html }: Pick<Shown, 'headers' | 'html'>): string[] {
  const problems: string[] = []
  const policy = new Map(
    (headers.get('content-security-policy') ?? '').split(';').map((part): [string, string] => {
      const [name = '', ...sources] = part.trim().split(/ +/)
      return [name, sources.join(' ')]
    }),
  )
  const want = (name: string, value: string) => policy.get(name) !== value && problems.push(`${name} is ${policy.get(name)}`)
  want('default-src', "'none'")
  want('frame-ancestors', "'none'")
  want('base-uri', "'none'")
  if (!policy.get('form-action')?.startsWith("'self'")) problems.push('forms lead anywhere')
  for (const [name, sources] of policy) {
    if (/unsafe|\*|data:|strict-dynamic/.test(sources)) problems.push(`${name} allows ${sources}`)
    if (!['default-src', 'style-src', 'script-src', 'img-src', 'form-action', 'frame-ancestors', 'base-uri'].includes(name))
      problems.push(name)
  }
  for (const [name, value] of [
    ['x-frame-options', 'DENY'],
    ['x-content-type-options', 'nosniff'],
    ['cache-control', 'no-store'],
    ['referrer-policy', 'same-origin'],
  ] as const)
    if (headers.get(name) !== value) problems.push(`${name} is ${headers.get(name)}`)
  if (headers.get('access-control-allow-origin') !== null) problems.push('other origins may read it')

  // What runs is ours and named by its hash, and nothing comes from elsewhere.
  const scripts = [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)]
  const hashes = scripts.map(([, , text = '']) => `'sha256-${hash('sha256', text, 'base64')}'`)
  if (scripts.some(([, attributes]) => attributes !== '')) problems.push('a script with attributes')
  if ((policy.get('script-src') ?? '') !== hashes.join(' ')) problems.push(`script-src is ${policy.get('script-src')}`)
  const rest = html.replace(/<script\b[\s\S]*?<\/script>/gi, '')
  if (/<(?:script|iframe|object|embed|base|link|meta http-equiv)\b|\s(?:on\w+|style|srcdoc|formaction)=/i.test(rest))
    problems.push('something that runs')
  if (/\ssrc=/i.test(rest)) problems.push('something from elsewhere')
  return problems
}

const say = (page: Shown) => ({ headers: page.headers, html: page.html })

test('no page can be framed, stored, or made to run what is not its own', async () => {
  await using fixture = await startWithEverything()
  const seen: string[] = []
  const wrong: string[] = []
  for (const pages of [pagesForStrangers(fixture), pagesForPerson(fixture)]) {
    for await (const { what, page } of pages) {
      seen.push(what)
      assert.match(page.headers.get('content-type') ?? '', /^text\/html; charset=utf-8$/, what)
      for (const problem of problemsWith(say(page))) wrong.push(`${what}: ${problem}`)
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(seen.length > 30, `the pages were found: ${seen.length}`)
  for (const needed of ['/account/keys', '/account/sessions', '/account/activity'])
    assert.ok(
      seen.some((what) => what.includes(needed)),
      `${needed} in ${seen.join(', ')}`,
    )
})

test('neither can what forms are answered with, refusals and errors', async () => {
  await using fixture = await startWithEverything()
  const { issuer } = fixture
  const wrong: string[] = []
  const look = async (what: string, response: Response) => {
    const html = await response.text()
    if (html !== '') for (const problem of problemsWith({ headers: response.headers, html })) wrong.push(`${what}: ${problem}`)
    if (response.headers.get('cache-control') !== 'no-store') wrong.push(`${what} (${response.status}) may be stored`)
  }
  for (const pages of [pagesForStrangers(fixture), pagesForPerson(fixture)]) {
    for await (const { what, browser, page } of pages) {
      for (const form of postsOf(page)) {
        const cookie = browser.cookies.headerFor(form.action)
        const send = (body: URLSearchParams, origin: string) =>
          fetch(form.action, { method: 'POST', body, redirect: 'manual', headers: { cookie, origin } })
        const fields = new URLSearchParams(prefilled(form))
        await look(`${what}, foreign`, await send(fields, 'https://evil.example'))
        await look(`${what}, empty`, await send(new URLSearchParams(), issuer))
        await look(`${what}, too large`, await send(new URLSearchParams({ name: 'x'.repeat(70_000) }), issuer))
      }
    }
  }
  for (const [method, path] of [
    ['DELETE', '/sign-in'],
    ['PUT', '/account'],
    ['POST', '/sign-in'],
    ['GET', '/sign-in/login'],
  ] as const) {
    const response = await fetch(issuer + path, { method, redirect: 'manual' })
    assert.equal(response.status, 405, `${method} ${path}`)
    await look(`${method} ${path}`, response)
  }
  assert.deepEqual(wrong, [])
})

test('a sign-in that a page of another site opens in a frame is not shown, whatever the browser does with the headers', async () => {
  await using fixture = await startWithEverything()
  const { client_id: clientId } = await register(fixture)
  for (const destination of ['iframe', 'frame', 'embed', 'object', 'image', 'script']) {
    const headers = { 'sec-fetch-dest': destination, 'sec-fetch-site': 'cross-site' }
    for (const url of [
      authorizeUrl(fixture, clientId).url,
      `${fixture.issuer}/sign-in`,
      `${fixture.issuer}/sign-out`,
      `${fixture.issuer}/account`,
    ]) {
      const response = await fetch(url, { headers, redirect: 'manual' })
      assert.equal(response.status, 403, `${destination} ${new URL(url).pathname}`)
      assert.match(await response.text(), /not inside another page/)
    }
  }
})

test('a form leads to the client that asks and to nobody else', async () => {
  await using fixture = await startWithEverything()
  const { client_id: clientId } = await register(fixture)
  const page = (await createBrowser().open(authorizeUrl(fixture, clientId).url)) as Shown
  const [, formAction] = /form-action ([^;]*)/.exec(page.headers.get('content-security-policy') ?? '') ?? []
  assert.equal(formAction, `'self' ${new URL(CALLBACK).origin}`)
})
