import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { describe, it } from 'node:test'
import type { MCPClient } from '../../src/client/index.ts'
import { ANY_LOOPBACK, openLoopback } from '../../src/client/sign-in/loopback.ts'
import { browserOf, openBrowser } from '../../src/client/sign-in/open-browser.ts'
import { startWorld, type World } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf } from '../support/client.ts'
import { createTempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('C14')

/** A browser of a person who always says yes: goes where it is sent, to the last page. */
const browse = (url: string): Promise<Response> => fetch(url)
const redirectOf = (url: string): URL => new URL(new URL(url).searchParams.get('redirect_uri') ?? '')
const registrations = (world: World): string[] => world.to('/register').map(({ text }) => JSON.parse(text).redirect_uris[0])

/** What the person sees in the end, and what becomes of the sign-in. */
async function signIn(client: MCPClient, visit: (url: string) => Promise<Response>): Promise<{ page: Response; problem: string }> {
  let page: Promise<Response> | undefined
  const openBrowser = (url: string): void => {
    page = visit(url)
    page.catch(() => {})
  }
  const problem = await problemOf(client.signIn({ openBrowser }))
  return { page: await (page as unknown as Promise<Response>), problem }
}
const FINE = 'no error: undefined'

describe('signIn()', () => {
  it('ends, too, where the window was closed before there was a page to show', { timeout: 10_000 }, async () => {
    await using loopback = await openLoopback({ redirectUri: ANY_LOOPBACK, mayMove: true, program: 'x' })
    const answer = loopback.answerTo('the-state', new AbortController().signal)
    const window = httpRequest(`${loopback.redirectUri}?state=the-state&code=x`).on('error', () => {})
    window.end()
    const { respond } = await answer
    window.destroy()
    // Once somebody else has been answered, the listener knows.
    for (let knock = 0; knock < 3; knock++) assert.equal((await browse(loopback.redirectUri)).status, 400)
    await respond({ status: 200, title: 'x', text: 'x' })
  })

  it('waits at the very address that the browser is sent back to', { skip: process.platform !== 'linux' }, async () => {
    for (const redirectUri of ['http://127.0.0.2/callback', 'http://[::1]/callback', 'http://localhost/callback']) {
      await using world = await startWorld()
      await using client = createClient(world, { auth: { type: 'oauth2', redirectUri } })
      const { page, problem } = await signIn(client, browse)
      assert.deepEqual([problem, page.status], [FINE, 200], redirectUri)
    }
  })

  it('opens the browser, waits on 127.0.0.1, and shows a page that needs nothing', async () => {
    await using world = await startWorld()
    await using client = createClient(world, { clientInfo: { name: 'Notes <b>', version: '1' } })
    let redirect: URL | undefined
    const { page, problem } = await signIn(client, (url) => {
      redirect = redirectOf(url)
      return browse(url)
    })
    assert.equal(problem, FINE)
    assert.match(redirect?.href ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    assert.equal(page.status, 200)
    const html = await page.text()
    assert.match(html, /Notes &#60;b&#62; has what it needs\. You can close this window\./)
    assert.doesNotMatch(html, /<script|<b>|src=|href=/)
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'$/,
    )
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
    assert.equal((await client.listTools())[0]?.name, 'echo')
    await assert.rejects(fetch(redirect as URL), 'nobody listens any more')
  })

  it('takes the one answer whose state is right, and goes on after every other', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    const statuses: number[] = []
    const { page, problem } = await signIn(client, async (url) => {
      const wrong = redirectOf(url)
      for (const query of [
        '?code=a&state=b',
        '?code=a',
        '?error=access_denied',
        `?code=a&state=b&state=${new URL(url).searchParams.get('state')}`,
      ])
        statuses.push((await fetch(wrong.href + query)).status)
      statuses.push((await fetch(new URL('/other', wrong))).status, (await fetch(wrong, { method: 'POST' })).status)
      statuses.push(await asHost(wrong, 'attacker.example'))
      return browse(url)
    })
    assert.deepEqual(statuses, [400, 400, 400, 400, 404, 405, 404])
    assert.deepEqual([page.status, problem], [200, FINE])
  })

  it('tells the person and the program what did not work', async () => {
    for (const [change, problem, text] of [
      [{ error: 'access_denied', code: '' }, 'AuthorizationError authorization_denied', /Nothing was granted/],
      [{ iss: 'https://attacker.example' }, 'AuthorizationError issuer_mismatch', /issuer_mismatch/],
    ] as const) {
      const callback = (url: URL): void => {
        for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value)
      }
      await using world = await startWorld({ callback })
      await using client = createClient(world)
      const outcome = await signIn(client, browse)
      assert.equal(outcome.problem, problem)
      assert.equal(outcome.page.status, 400)
      assert.match(await outcome.page.text(), text)
      assert.equal(world.to('/token').length, 0)
    }
  })

  it('listens where it is registered already, and registers again only where that port is taken', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    await signIn(client, browse)
    await signIn(client, browse)
    assert.equal(registrations(world).length, 1)
    const taken = createServer()
    await new Promise<void>((listening) => taken.listen(Number(new URL(registrations(world)[0] ?? '').port), '127.0.0.1', listening))
    try {
      assert.equal((await signIn(client, browse)).problem, FINE)
      assert.equal(new Set(registrations(world)).size, 2)
      const fixed = registrations(world)[0] ?? ''
      await using strict = createClient(world, { auth: { type: 'oauth2', redirectUri: fixed } })
      assert.equal(await problemOf(strict.signIn({ openBrowser: browse })), 'AuthorizationError redirect_unavailable')
    } finally {
      taken.close()
    }
  })

  it('ends with its signal, and leaves nothing listening', async () => {
    await using world = await startWorld()
    await using client = createClient(world)
    const stop = new AbortController()
    let opened: string | undefined
    const ended = client.signIn({ signal: stop.signal, openBrowser: (url) => void (opened = url) })
    ended.catch(() => {})
    await until('the browser is opened', () => opened !== undefined)
    const reason = new Error('enough')
    stop.abort(reason)
    await assert.rejects(ended, (error) => error === reason)
    await assert.rejects(fetch(redirectOf(opened ?? '')))
    await assert.rejects(client.signIn({ signal: AbortSignal.abort(reason), openBrowser: browse }), (error) => error === reason)
  })

  it('is not for a place that is not on this computer', async () => {
    await using world = await startWorld()
    await using client = createClient(world, { auth: { type: 'oauth2', redirectUri: 'https://app.example/callback' } })
    await assert.rejects(client.signIn(), /auth\.redirectUri is not on this computer/)
  })
})

describe('the browser of this machine', () => {
  const program = (name: string): string => name.replace(/^.*[\\/]/, '')
  it('is a program that gets the address as its one argument, never a shell', () => {
    assert.deepEqual([...browserOf('linux')], ['xdg-open'])
    assert.deepEqual([...browserOf('darwin')], ['/usr/bin/open'])
    const [windows, ...before] = browserOf('win32')
    assert.deepEqual([program(windows), ...before], ['rundll32.exe', 'url.dll,FileProtocolHandler'])
  })

  it('is asked for http and https alone', async () => {
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'vbscript:x', 'ms-msdt:/id', '-h', '', 'calc.exe'])
      assert.equal(await problemOf((async () => openBrowser(url))()), 'AuthorizationError insecure_url', url)
  })

  it('gets what a shell would have run as the text that it is', { skip: process.platform !== 'linux' }, async () => {
    await using dir = await withBrowser('printf "%s\\n" "$#" "$@" > "$0.log"')
    await openBrowser('https://as.example/authorize?a=$(touch%20x)&b=`id`;id|id&c="x"')
    const [count, url] = (await readFile(dir.log, 'utf8')).split('\n')
    assert.equal(count, '1')
    assert.equal(url, 'https://as.example/authorize?a=$(touch%20x)&b=`id`;id|id&c=%22x%22')
  })

  it('that does not open is an error that says what to do', { skip: process.platform !== 'linux' }, async () => {
    await using _ = await withBrowser('exit 3')
    await using world = await startWorld()
    await using client = createClient(world)
    await assert.rejects(client.signIn(), /xdg-open ended with 3\. Pass openBrowser/)
    const path = process.env['PATH']
    process.env['PATH'] = '/nonexistent'
    try {
      await assert.rejects(client.signIn(), /xdg-open cannot be started \(ENOENT\)/)
    } finally {
      process.env['PATH'] = path
    }
  })
})

/** Puts an `xdg-open` first in PATH. */
async function withBrowser(script: string): Promise<AsyncDisposable & { readonly log: string }> {
  const dir = await createTempDir('browser')
  const file = join(dir.path, 'xdg-open')
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  const path = process.env['PATH']
  process.env['PATH'] = `${dir.path}${delimiter}${path}`
  return {
    log: `${file}.log`,
    async [Symbol.asyncDispose]() {
      process.env['PATH'] = path
      await dir.remove()
    },
  }
}

function asHost(url: URL, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .once('error', reject)
      .end()
  })
}
