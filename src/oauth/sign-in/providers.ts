/**
 * Signing in at somebody else's: an identity provider says who a person is, and nothing more.
 *
 *   button → who asks, where it leads → (they go on) → state, cookie → provider ┈ callback: state, browser, answer, rules → account → session
 *
 * A client's request is forwarded to a provider only after the person has seen whose request it is (2026-07-28 security best practices
 * §Confused deputy): the provider would remember them and ask nothing. What the client may do is asked afterwards as for everybody else.
 *
 * Fails closed, with a page that says what to do.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Accounts, createOpenIdProvider, type OpenIdProvider, type ProviderProblem, toProvided } from '../../people/index.ts'
import { budgetOf, mostStored } from '../addresses.ts'
import type { Answer } from '../interaction.ts'
import type { Settings } from '../options.ts'
import { goingToProviderPage, problemPage, providerPage, providerProblemPage } from '../pages/index.ts'
import type { Occurrence, Recorder } from '../recorder.ts'
import type { Asking, SignInPlace, SignInProviders, Welcome } from '../sign-in-place.ts'
import { callbackUrl, createCrossings, type KeptPlace } from './provider-crossings.ts'
import { clientOf } from './welcome.ts'

export interface SignInProvidersParts {
  readonly settings: Settings
  readonly accounts: Pick<Accounts, 'upsertFromProvider'>
  readonly welcome: Welcome
  readonly record: Recorder
}

/** As long as a crossing lasts. */
const WINDOW_MS = 600_000
const MAX_QUERY = 8_192

export function createSignInProviders({ settings, accounts, welcome, record }: SignInProvidersParts): SignInProviders & { close(): void } {
  const { issuer, signIn, counters, clock, addressOf } = settings
  for (const { id, dangerouslyAllowAnyone } of signIn) {
    settings.log('info', 'people can sign in at a provider', { provider: id, redirectUri: callbackUrl(issuer, id) })
    if (dangerouslyAllowAnyone)
      settings.log('warn', 'dangerouslyAllowAnyone: everybody with an account at this provider is let in', { provider: id })
  }
  const ownOrigin = new URL(issuer).origin
  const crossings = createCrossings(settings)
  const providers = new Map(signIn.map((options): [string, OpenIdProvider] => [options.id, createOpenIdProvider({ options, clock })]))

  type About = Pick<Occurrence, 'action' | 'clientId' | 'clientName' | 'facts'>
  const about = (id: string, asks: Asking): About => ({
    action: 'sign-in',
    facts: { provider: id },
    ...clientOf(asks),
  })
  function refuse(request: IncomingMessage, of: About, reason: string, sentence?: string): void {
    record(request, { ...of, decision: 'deny', reason, sentence })
  }
  function fail(request: IncomingMessage, { options }: OpenIdProvider, place: KeptPlace, { problem, detail }: ProviderProblem) {
    refuse(request, about(options.id, place.asks), reasonOf[problem], detail)
    // What an operator has to mend is not for the person at the browser to know.
    if (problem === 'unavailable' || problem === 'misconfigured') {
      settings.log('warn', 'nobody can sign in at a provider', { provider: options.id, problem: detail })
    }
    return providerProblemPage(problem === 'misconfigured' ? 'unavailable' : problem, options.title, place.path)
  }
  async function isOverBudget(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const budget = budgetOf(request, addressOf(request), ownOrigin)
    const { count, resetMs } = await counters.increment(`provider:${budget}`, WINDOW_MS)
    if (count <= mostStored(budget)) return false
    response.setHeader('retry-after', Math.ceil(resetMs / 1000))
    return true
  }
  const named = (form: URLSearchParams): OpenIdProvider | undefined => providers.get(form.get('provider') ?? '')
  function gone(request: IncomingMessage, place: SignInPlace) {
    refuse(request, about('unknown', place.asks), 'unknown_provider')
    return providerProblemPage('gone', undefined, place.path)
  }

  async function forward(request: IncomingMessage, response: ServerResponse, place: SignInPlace, provider: OpenIdProvider): Answer {
    if (await isOverBudget(request, response)) {
      refuse(request, about(provider.options.id, place.asks), 'rate_limited')
      return problemPage('too_many')
    }
    const draft = crossings.draft(provider.options, place, place.fresh === true)
    const begun = await provider.begin(draft)
    if ('problem' in begun) return fail(request, provider, place, begun)
    await crossings.begin(response, provider.options, draft)
    // Not a redirect: browsers hold `form-action` against every address that a form leads to, and a provider sends people on to others.
    response.setHeader('refresh', `0;url=${begun.location}`)
    return goingToProviderPage({ title: provider.options.title, location: begun.location })
  }
  async function finishAt(request: IncomingMessage, response: ServerResponse, provider: OpenIdProvider, query: URLSearchParams): Answer {
    const { options } = provider
    const taken = await crossings.take(request, response, options, query.get('state') ?? '')
    if (typeof taken === 'string') {
      refuse(request, about(options.id, { kind: 'own' }), taken === 'unknown' ? 'expired' : taken)
      return problemPage('expired')
    }
    const { place } = taken
    const answered = await provider.finish(taken, query)
    if ('problem' in answered) return fail(request, provider, place, answered)
    const provided = toProvided(options, answered.claims)
    if ('sentence' in provided) {
      refuse(request, about(options.id, place.asks), 'not_let_in', provided.sentence)
      return providerProblemPage('not_let_in', options.title, place.path)
    }
    const kept = await accounts.upsertFromProvider(provided)
    if (kept === 'disabled') {
      refuse(request, about(options.id, place.asks), 'account_disabled')
      return providerProblemPage('not_let_in', options.title, place.path)
    }
    return welcome(request, response, { account: kept.account, methods: [`provider:${options.id}`], asks: place.asks, next: place.next })
  }
  return {
    choices: signIn.map(({ id, title }) => ({ id, title })),
    async choose(request, response, place, form) {
      const provider = named(form)
      if (provider === undefined) return gone(request, place)
      // Nobody but the person at the browser has asked for this.
      if (place.asks.kind === 'own') return forward(request, response, place, provider)
      return providerPage({
        action: place.actionOf('provider-continue'),
        csrf: place.csrf,
        provider: provider.options.id,
        title: provider.options.title,
        host: new URL(provider.options.issuer).host,
        asks: place.asks,
        server: place.server,
        back: place.path,
      })
    },
    async forward(request, response, place, form) {
      const provider = named(form)
      return provider === undefined ? gone(request, place) : forward(request, response, place, provider)
    },
    async callback(request, response, id) {
      const provider = providers.get(id)
      const { search, searchParams } = new URL(request.url ?? '/', issuer)
      if (provider === undefined || search.length > MAX_QUERY) {
        refuse(
          request,
          about(provider === undefined ? 'unknown' : id, { kind: 'own' }),
          provider === undefined ? 'unknown_provider' : 'too_long',
        )
        return problemPage('expired')
      }
      return finishAt(request, response, provider, searchParams)
    },
    close() {
      for (const provider of providers.values()) provider.close()
    },
  }
}

/** What is on record. */
const reasonOf: Readonly<Record<ProviderProblem['problem'], string>> = {
  unavailable: 'provider_unavailable',
  refused: 'access_denied',
  misconfigured: 'provider_misconfigured',
  mixed_up: 'other_provider',
  invalid: 'provider_invalid',
  not_fresh: 'not_fresh',
}
