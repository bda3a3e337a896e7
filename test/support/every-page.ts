/**
 * Every page that a browser can get from the authorization server, opened as people open them: at a client's request, by a device's code,
 * behind links, and all of one's account, by following what the pages link to. For tests of what must hold on each of them.
 */

import assert from 'node:assert/strict'
import { Secret, TOTP } from 'otpauth'
import { createAuthenticator } from './authenticator.ts'
import { ANA, authorizeUrl, connect, type Fixture, postForm, register, startAuthorizationServer } from './authorization.ts'
import { type Browser, createBrowser, fillIn, formsOf, formWith, type Person, type Shown, visit } from './browser.ts'

export interface Seen {
  readonly what: string
  readonly browser: Browser
  readonly page: Shown
}

/** Has a second factor. */
export const CYD: Person = { name: 'cyd', password: 'a third long passphrase' }

export async function startWithEverything(): Promise<Fixture> {
  const fixture = await startAuthorizationServer({
    people: [ANA, CYD],
    // Never asked: a person has to go on first.
    signIn: [
      {
        id: 'acme',
        title: 'Acme',
        issuer: 'https://id.acme.example',
        clientId: 'sallyport',
        clientSecret: 'a secret',
        dangerouslyAllowAnyone: true,
      },
    ],
  })
  const { people } = fixture
  const cyd = await people.accounts.get(CYD.name)
  assert.ok(cyd)
  const { uri, ticket } = await people.oneTimeCodes.begin(cyd)
  const app = new TOTP({ secret: Secret.fromBase32(new URL(uri).searchParams.get('secret') ?? '') })
  assert.equal(await people.oneTimeCodes.confirm(cyd, ticket, app.generate({ timestamp: Date.now() })), 'on')
  await people.recoveryCodes.renew(cyd)
  // So that there is something to take away on her pages: a grant, another session, a passkey.
  await connect(fixture)
  const ana = await people.accounts.get(ANA.name)
  assert.ok(ana)
  const options = await people.passkeys.beginAdding(ana, 'a test')
  const added = await people.passkeys.add(ana, 'a test', createAuthenticator(fixture.issuer).create(options as never), 'Laptop')
  assert.ok('passkey' in added)
  return fixture
}

/** Pages before anybody is signed in. */
export async function* pagesForStrangers(fixture: Fixture): AsyncGenerator<Seen> {
  const { issuer, people, server } = fixture
  const { client_id: clientId } = await register(fixture)
  const { url } = authorizeUrl(fixture, clientId)
  const fresh = async (what: string, address: string): Promise<Seen> => {
    const browser = createBrowser()
    return { what, browser, page: await visit(browser, address) }
  }
  for (const [place, address] of [
    ['a client’s request', url],
    ['one’s account', `${issuer}/sign-in?next=/account/keys`],
  ] as const) {
    const first = await fresh(`signing in for ${place}`, address)
    yield first
    const again = await fresh('', address)
    yield {
      ...again,
      what: `a wrong password for ${place}`,
      page: await fillIn(again.browser, again.page, { name: 'ana', password: 'wrong' }),
    }
    const half = await fresh('', address)
    const second = await fillIn(half.browser, half.page, { name: CYD.name, password: CYD.password })
    assert.ok(formWith(second, 'one_time_code'))
    yield { ...half, what: `the second step for ${place}`, page: second }
    yield { ...half, what: `a wrong code for ${place}`, page: await fillIn(half.browser, second, { one_time_code: '000000' }) }
  }
  const toProvider = await fresh('', url)
  const chosen = await fillIn(toProvider.browser, toProvider.page, { provider: 'acme' })
  yield { ...toProvider, what: 'before an identity provider', page: chosen }

  const device = await fresh('a device’s code', `${issuer}/device`)
  yield device
  const userCode = await deviceCode(fixture)
  yield { ...device, what: 'a device’s name', page: await fillIn(device.browser, device.page, { user_code: userCode }) }
  yield { ...device, what: 'a wrong device’s code', page: await fillIn(device.browser, device.page, { user_code: 'BCDF-GHJK' }) }

  const ana = await people.accounts.get(ANA.name)
  assert.ok(ana)
  const invited = await people.links.create({ kind: 'invitation', name: 'eve', roles: [], groups: [] })
  const reset = await people.links.create({ kind: 'password', name: ana.name, since: ana.since })
  yield await fresh('an invitation', `${issuer}/welcome?code=${invited.code}`)
  yield await fresh('a new password', `${issuer}/welcome?code=${reset.code}`)
  yield await fresh('a link that is gone', `${issuer}/welcome?code=gone`)
  yield await fresh('the owner’s account', (await server.createSetupLink()) ?? assert.fail('there is an owner'))
  yield await fresh('a set-up link that is gone', `${issuer}/setup?code=gone`)

  yield await fresh('nobody to sign out', `${issuer}/sign-out`)
  yield await fresh('a sign-in that is over', `${issuer}/interaction/unknown-unknown`)
  yield await fresh('a provider’s answer to nobody', `${issuer}/sign-in/callback/acme?code=a&state=b`)
  yield await fresh('a client that nobody knows', authorizeUrl(fixture, 'cl_unknown').url)
  yield await fresh('an address that nobody registered', authorizeUrl(fixture, clientId, { redirect_uri: 'https://evil.example/' }).url)
  yield await fresh('a request that cannot be answered', `${url}&response_mode=fragment`)
}

/** Pages for somebody who is signed in, the account's by their links. */
export async function* pagesForPerson(fixture: Fixture, person: Person = ANA): AsyncGenerator<Seen> {
  const { issuer } = fixture
  const { client_id: clientId } = await register(fixture)
  const browser = createBrowser()
  const signIn = await visit(browser, authorizeUrl(fixture, clientId).url)
  const consent = await fillIn(browser, signIn, { name: person.name, password: person.password })
  assert.ok(formWith(consent, 'decision'))
  yield { what: 'consent', browser, page: consent }
  yield { what: 'signing out', browser, page: await visit(browser, `${issuer}/sign-out`) }

  const confirm = await fillIn(browser, await visit(browser, `${issuer}/device`), { user_code: await deviceCode(fixture) })
  yield { what: 'consent for a device', browser, page: await fillIn(browser, confirm, { confirm: 'yes' }) }
  yield* accountPages(issuer, browser)
}

async function* accountPages(issuer: string, browser: Browser): AsyncGenerator<Seen> {
  const account = `${issuer}/account`
  const [waiting, known] = [[account], new Set([account])]
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    const page = await visit(browser, url)
    yield { what: `the account: ${url.slice(issuer.length)}`, browser, page }
    for (const [, href = ''] of page.html.matchAll(/<a\b[^>]*\shref="([^"]*)"/g)) {
      const next = new URL(href.replaceAll('&amp;', '&'), page.url)
      next.hash = ''
      if (known.has(next.href) || !(next.href === account || next.href.startsWith(`${account}/`) || next.href.startsWith(`${account}?`)))
        continue
      known.add(next.href)
      waiting.push(next.href)
    }
  }
}

async function deviceCode(fixture: Fixture): Promise<string> {
  const { client_id } = await register(fixture, {
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    response_types: [],
    redirect_uris: [],
  })
  const response = await postForm(`${fixture.issuer}/device_authorization`, { client_id })
  const { user_code: code } = (await response.json()) as { user_code?: string }
  return code ?? assert.fail(`no code: ${response.status}`)
}

/** Its forms that change something. */
export const postsOf = (page: Shown) => formsOf(page).filter(({ method }) => method === 'post')
