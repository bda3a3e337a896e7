/**
 * A browser without a window: keeps cookies, follows redirects, reads forms from HTML as they are and submits them as a
 * person would. It runs no script, so whatever works here works without.
 */

import { texts } from '../../src/oauth/pages/texts.ts'

export interface Person {
  readonly name: string
  readonly password: string
  /** Values of checkboxes to untick on the consent page, such as `run`. */
  readonly untick?: readonly string[]
  /** For how long they allow it: another than what the page proposes. */
  readonly lasts?: 'hour' | 'month' | 'open'
  /** Presses Deny instead of Allow. */
  readonly deny?: boolean
  /** What their authenticator app shows now, where they have one. */
  readonly oneTimeCode?: () => string | Promise<string>
}

export interface Shown {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly html: string
}

export interface Form {
  readonly action: string
  readonly method: string
  readonly fields: readonly Field[]
}

export interface Field {
  readonly name: string
  readonly type: string
  readonly value: string
  readonly checked: boolean
}

export interface Browser {
  /** Follows redirects until there is a page, or until `stop` says that a URL is not to be visited. */
  open(url: string, stop?: (url: string) => boolean): Promise<Shown | { readonly stoppedAt: string }>
  submit(
    page: Shown,
    form: Form,
    values: readonly (readonly [string, string])[],
    stop?: (url: string) => boolean,
  ): Promise<Shown | { readonly stoppedAt: string }>
  readonly cookies: CookieJar
}

const MAX_HOPS = 20
/** How long a person takes to read the consent page, where a server wants it to be read for a second. */
const READING_MS = 1050
/** Servers that do. */
const unhurried = new Set<string>()
const clocks = new Map<string, (milliseconds: number) => void>()

/** A server whose clock its test moves: while a person reads, it is moved, and nobody waits. */
export const readInNoTime = (issuer: string, advance: (milliseconds: number) => void): void =>
  void clocks.set(new URL(issuer).origin, advance)

/**
 * Opens what a client would open in a browser, signs in, answers the consent page, and returns the URL that the browser
 * is sent to in the end, without visiting it.
 */
export async function signIn(
  authorizeUrl: string,
  person: Person,
  browser: Browser = createBrowser(),
  redirectUri: string = new URL(authorizeUrl).searchParams.get('redirect_uri') ?? '',
): Promise<string> {
  const isFinal = (url: string) => withoutQuery(url) === withoutQuery(redirectUri)
  let shown = await browser.open(authorizeUrl, isFinal)
  let asked = 0
  let isTooSoon = false
  while (!('stoppedAt' in shown)) {
    const page: Shown = shown
    const form = formFor(page)
    if (form === undefined) throw new Error(`the browser is stuck at ${withoutQuery(page.url)} (${page.status}): ${textOf(page.html)}`)
    if (++asked > 5 || (!has(form, 'decision') && page.status >= 400)) {
      throw new Error(`the sign-in was refused (${page.status}): ${textOf(page.html)}`)
    }
    const values = await fill(form, person)
    const { origin } = new URL(page.url)
    const isConsent = has(form, 'decision')
    const advance = isConsent ? clocks.get(origin) : undefined
    if (isConsent && (advance ? isTooSoon : unhurried.has(origin))) await new Promise((resolve) => setTimeout(resolve, READING_MS))
    const submit = () => browser.submit(page, form, values, isFinal)
    shown = await (advance ? aMomentLater(advance, submit) : submit())
    isTooSoon = !('stoppedAt' in shown) && textOf(shown.html).includes(texts.consent.tooSoon)
    if (isTooSoon) {
      unhurried.add(origin)
      asked--
    }
  }
  return shown.stoppedAt
}

let last: Promise<unknown> = Promise.resolve()

/** One at a time: a page that is shown meanwhile has been there for a moment less, and for no time below none. */
function aMomentLater<T>(advance: (milliseconds: number) => void, work: () => Promise<T>): Promise<T> {
  const done = last.then(async () => {
    advance(READING_MS)
    try {
      return await work()
    } finally {
      advance(-READING_MS)
    }
  })
  last = done.catch(() => {})
  return done
}

const has = (form: Form, name: string): boolean => form.fields.some((field) => field.name === name)

/** The form of a page of the sign-in that a person would fill in; others on it lead elsewhere (another account, another way). */
function formFor(page: Shown): Form | undefined {
  const forms = formsOf(page)
  for (const name of ['decision', 'one_time_code', 'password']) {
    const form = forms.find((each) => has(each, name))
    if (form !== undefined) return form
  }
  return forms[0]
}

async function fill(form: Form, person: Person): Promise<[string, string][]> {
  if (has(form, 'decision')) return fillConsent(form, person)
  if (!has(form, 'one_time_code')) return fillLogin(form, person)
  if (person.oneTimeCode === undefined) throw new Error('a one-time code is asked for, and this person has none')
  return [...prefilled(form), ['one_time_code', await person.oneTimeCode()]]
}

export function createBrowser(): Browser {
  const cookies = createCookieJar()

  async function go(url: string, init: RequestInit, stop: (url: string) => boolean): Promise<Shown | { stoppedAt: string }> {
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (stop(url)) return { stoppedAt: url }
      const headers = new Headers(init.headers)
      headers.set('accept', 'text/html,application/xhtml+xml')
      const sent = cookies.headerFor(url)
      if (sent !== '') headers.set('cookie', sent)
      const response = await fetch(url, { ...init, headers, redirect: 'manual' })
      cookies.store(url, response.headers.getSetCookie())
      const location = response.headers.get('location')
      if (response.status < 300 || response.status > 399 || location === null) {
        return { url, status: response.status, headers: response.headers, html: await response.text() }
      }
      await response.body?.cancel()
      url = new URL(location, url).href
      if (response.status !== 307 && response.status !== 308) init = { method: 'GET' }
    }
    throw new Error(`more than ${MAX_HOPS} redirects`)
  }
  const never = () => false

  return {
    cookies,
    open: (url, stop = never) => go(url, { method: 'GET' }, stop),
    submit(page, form, values, stop = never) {
      const body = new URLSearchParams(values.map(([name, value]): [string, string] => [name, value]))
      if (form.method !== 'post') return go(`${form.action}?${body}`, { method: 'GET' }, stop)
      const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(page.url).origin }
      return go(form.action, { method: 'POST', headers, body: body.toString() }, stop)
    },
  }
}

/** The forms of a page, whatever the page is. */
export function formsOf({ html, url }: Pick<Shown, 'html' | 'url'>): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = '', content = '']) => {
    const attributes = attributesOf(head)
    const fields = [...content.matchAll(/<(input|button)\b([^>]*)>/gi)].flatMap(([, tag = '', inside = '']): Field[] => {
      const { name, type, value = '', ...rest } = attributesOf(inside)
      if (name === undefined || 'disabled' in rest) return []
      return [
        { name, type: (type ?? (tag.toLowerCase() === 'button' ? 'submit' : 'text')).toLowerCase(), value, checked: 'checked' in rest },
      ]
    })
    return { action: new URL(attributes['action'] ?? '', url).href, method: (attributes['method'] ?? 'get').toLowerCase(), fields }
  })
}

/** A page, where it has to be one. */
export async function visit(browser: Browser, url: string): Promise<Shown> {
  const shown = await browser.open(url)
  if ('stoppedAt' in shown) throw new Error('nothing stops it')
  return shown
}

/** The form of a page that has this field. */
export function formWith(page: Shown, field: string): Form {
  const form = formsOf(page).find((each) => has(each, field))
  if (form === undefined) throw new Error(`no form with "${field}" at ${withoutQuery(page.url)} (${page.status}): ${textOf(page.html)}`)
  return form
}

/** Fills in the form that has these fields, and sends it. */
export async function fillIn(browser: Browser, page: Shown, values: Readonly<Record<string, string>>): Promise<Shown> {
  const form = formWith(page, Object.keys(values)[0] ?? '')
  const rest = prefilled(form).filter(([name]) => !(name in values))
  const shown = await browser.submit(page, form, [...rest, ...Object.entries(values)])
  if ('stoppedAt' in shown) throw new Error('nothing stops it')
  return shown
}

/** What a submit of `form` sends by itself: hidden fields and ticked boxes, in order. */
export const prefilled = (form: Form): [string, string][] =>
  form.fields
    .filter(({ type, checked }) => type === 'hidden' || ((type === 'checkbox' || type === 'radio') && checked))
    .map(({ name, value }) => [name, value])

function fillLogin(form: Form, { name, password }: Person): [string, string][] {
  const typed = form.fields.flatMap((field): [string, string][] => {
    if (field.type === 'password') return [[field.name, password]]
    return field.type === 'text' || field.type === 'email' ? [[field.name, name]] : []
  })
  return [...prefilled(form), ...typed]
}

function fillConsent(form: Form, { untick = [], lasts, deny = false }: Person): [string, string][] {
  const button = form.fields.find(({ type, value }) => type === 'submit' && value === (deny ? 'deny' : 'allow'))
  if (button === undefined) throw new Error(`no button to ${deny ? 'deny' : 'allow'} with`)
  for (const value of untick) {
    if (!form.fields.some((field) => field.type === 'checkbox' && field.value === value)) throw new Error(`no box "${value}" to untick`)
  }
  const kept = prefilled(form).filter(([name, value]) => !untick.includes(value) && !(name === 'lasts' && lasts !== undefined))
  return [...kept, ...(lasts === undefined ? [] : [['lasts', lasts] as [string, string]]), [button.name, button.value]]
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)]
  return Object.fromEntries(
    pairs.map(([, name = '', double, single, bare]) => [name.toLowerCase(), unescape(double ?? single ?? bare ?? '')]),
  )
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const unescape = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] as string)

/** What a person reads. */
export const textOf = (html: string): string =>
  unescape(html.replace(/<(style|script|head)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()

const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, '')

export interface CookieJar {
  headerFor(url: string): string
  store(url: string, setCookies: readonly string[]): void
  /** Every cookie as it was set, for tests of its attributes. */
  readonly seen: readonly string[]
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly host: string
  readonly path: string
  readonly secure: boolean
}

/** Bound to host and path, not to the port, as browsers do (RFC 6265 §8.5). */
function createCookieJar(): CookieJar {
  const jar = new Map<string, Cookie>()
  const seen: string[] = []
  return {
    seen,
    headerFor(url) {
      const { hostname, pathname, protocol } = new URL(url)
      return [...jar.values()]
        .filter((cookie) => cookie.host === hostname && matchesPath(pathname, cookie.path) && (!cookie.secure || protocol === 'https:'))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ')
    },
    store(url, setCookies) {
      const { hostname, pathname } = new URL(url)
      for (const line of setCookies) {
        seen.push(line)
        const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
        const attributes = new Map(rest.map((part) => [part.split('=')[0]?.toLowerCase(), part.slice(part.indexOf('=') + 1)]))
        const name = pair.slice(0, pair.indexOf('='))
        const path = attributes.get('path') ?? pathname.replace(/\/[^/]*$/, '')
        const key = JSON.stringify([hostname, path, name])
        const expires = attributes.get('expires')
        if (attributes.get('max-age') === '0' || (expires !== undefined && Date.parse(expires) <= Date.now())) jar.delete(key)
        else
          jar.set(key, {
            name,
            value: pair.slice(pair.indexOf('=') + 1),
            host: hostname,
            path: path === '' ? '/' : path,
            secure: attributes.has('secure'),
          })
      }
    },
  }
}

const matchesPath = (pathname: string, path: string): boolean =>
  pathname === path || (pathname.startsWith(path) && (path.endsWith('/') || pathname[path.length] === '/'))
