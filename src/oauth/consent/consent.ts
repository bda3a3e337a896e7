/**
 * The second question: do you allow this. What is ticked becomes a grant of its own, for as long as the person chose; what is not is refused
 * with it. Nobody is asked only where an operator approved the client (`who-asks.ts`).
 *
 * Fails closed: a form that says less than the page has is an answer that grants less, or a page that asks again.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Interaction, Provider } from 'oidc-provider'
import type { Accounts } from '../../people/index.ts'
import type { Clients } from '../clients.ts'
import { type Answer, finish, type OpenInteraction, type OpenInteractions } from '../interaction.ts'
import type { Settings } from '../options.ts'
import { consentPage, type Page, problemPage, sourceOf, texts } from '../pages/index.ts'
import type { Recorder } from '../recorder.ts'
import type { Resources } from '../resources.ts'
import { groupScopes, namedScopes, OFFLINE_ACCESS, type ScopeGroup } from '../scopes.ts'
import { type Choices, choicesOf, grantedBy, proposed } from './choices.ts'
import { createGranting } from './granting.ts'
import { offeredBy } from './offered.ts'
import { createReading } from './reading.ts'
import { findWhoAsks, needsNobody } from './who-asks.ts'

export interface ConsentParts {
  readonly provider: Provider
  readonly settings: Settings
  readonly resources: Resources
  readonly accounts: Pick<Accounts, 'get'>
  readonly clients: Clients
  readonly interactions: OpenInteractions
  readonly record: Recorder
}

export interface Consent {
  /** The page of an interaction that asks for consent; where nobody needs to be asked, the answer. */
  show(request: IncomingMessage, response: ServerResponse, opened: OpenInteraction): Answer
  answer(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
}

export function createConsent(parts: ConsentParts): Consent {
  const { provider, settings, resources, accounts, clients, interactions, record } = parts
  const { basePath, hierarchy, keyRing, clock, accessTokenTtlSeconds } = settings
  const server = new URL(resources.canonical).host
  const reading = createReading({ keyRing, clock, isHasteAllowed: settings.dangerouslyTakeHastyConsent })
  const grant = createGranting(parts)

  const groupsOf = ({ interaction }: OpenInteraction): ScopeGroup[] => groupScopes(permissionsOf(interaction), hierarchy)

  async function showPage(opened: OpenInteraction, account: string, problem?: string, choices?: Choices): Promise<Page> {
    const { interaction, client, clientId, redirectUri, renews } = opened
    const groups = groupsOf(opened)
    const { groups: ticked, scopes: tickedScopes, lasts } = choices ?? proposed(groups)
    const roles = (await accounts.get(account))?.roles ?? []
    const offers = settings.offers({ user: account, roles, clientId, scopes: groups.flatMap(({ scopes }) => scopes) })
    return consentPage({
      action: interactions.pathOf(interaction.uid, 'consent'),
      csrf: interactions.csrfOf(opened),
      shown: reading.stamp({ uid: interaction.uid, clientId, account }),
      account,
      switchAction: interactions.pathOf(interaction.uid, 'switch'),
      accountPage: `${basePath}/account`,
      client,
      clientId,
      redirectUri,
      server,
      groups: groups.map(({ name, scopes, sentences, described }) => ({
        name,
        isTicked: ticked.has(name),
        permissions: scopes.map((scope, index) => ({
          scope,
          sentence: sentences[index] as string,
          offered: offeredBy(scope, offers, hierarchy),
          isTicked: described.includes(scope) ? tickedScopes.has(scope) : undefined,
        })),
      })),
      lasts: renews ? lasts : undefined,
      accessMinutes: Math.round(accessTokenTtlSeconds / 60),
      problem,
      leadsTo: redirectUri && sourceOf(redirectUri),
      ...(await findWhoAsks(clients, opened)),
    })
  }
  const about = ({ clientId, client }: OpenInteraction, subject: string) =>
    ({ action: 'consent', subject, clientId, clientName: client, target: resources.canonical }) as const

  /** A client may change where it wants people sent while somebody reads (RFC 7592 §2.2); what was read is not true then. */
  async function isStillRegistered({ clientId, redirectUri }: OpenInteraction): Promise<boolean> {
    if (redirectUri === undefined) return true
    const client = await provider.Client.find(clientId)
    return client?.redirectUriAllowed(redirectUri) === true
  }
  function refuseChanged(request: IncomingMessage, opened: OpenInteraction, accountId: string): Page {
    record(request, { ...about(opened, accountId), decision: 'deny', reason: 'invalid_redirect_uri' })
    return problemPage('invalid_redirect_uri')
  }
  return {
    async show(request, response, opened) {
      const { accountId, interaction } = opened
      if (accountId === undefined) throw new Error('nobody is there who could be asked')
      if (!(await isStillRegistered(opened))) return refuseChanged(request, opened, accountId)
      const approvedBy = await needsNobody(clients, opened)
      if (approvedBy === undefined) return showPage(opened, accountId)
      const granted = permissionsOf(interaction)
      const grantId = await grant(opened, accountId, { granted, refused: [], lasts: 'month' })
      const facts = { grant: grantId, granted, lasts: 'month', approvedBy }
      record(request, { ...about(opened, accountId), decision: 'allow', reason: 'allowed', facts })
      return finish(response, interaction, { ...interaction.lastSubmission, consent: { grantId } })
    },
    async answer(request, response, uid, form) {
      const opened = await interactions.open(request, response, uid)
      const accountId = opened?.accountId
      if (opened?.interaction.prompt.name !== 'consent' || accountId === undefined) return interactions.refuseLate(request, 'consent')
      const { interaction, clientId, renews } = opened
      const read = reading.check(form.get('shown'), { uid, clientId, account: accountId })
      if (read === 'forged' || interactions.isForged(request, opened, form))
        return interactions.refuseForged(request, 'consent', opened, accountId)
      if (!(await isStillRegistered(opened))) return refuseChanged(request, opened, accountId)
      const choices = choicesOf(form)
      const { granted, refused } = grantedBy(groupsOf(opened), choices, hierarchy)

      if (form.get('decision') !== 'allow') {
        const facts = { asked: [...granted, ...refused] }
        record(request, { ...about(opened, accountId), decision: 'deny', reason: 'access_denied', facts })
        return finish(response, interaction, { error: 'access_denied', error_description: 'The person did not allow it.' })
      }
      if (read === 'too_soon') {
        record(request, { ...about(opened, accountId), decision: 'deny', reason: 'too_soon' })
        return showPage(opened, accountId, texts.consent.tooSoon, choices)
      }
      if (granted.length === 0) return showPage(opened, accountId, texts.consent.nothingTicked, choices)
      const grantId = await grant(opened, accountId, { granted, refused, lasts: choices.lasts })
      const facts = { grant: grantId, granted, refused, ...(renews && { lasts: choices.lasts }) }
      record(request, { ...about(opened, accountId), decision: 'allow', reason: 'allowed', facts })
      return finish(response, interaction, { ...interaction.lastSubmission, consent: { grantId } })
    },
  }
}

/** What is asked for, without what is between client and authorization server. Unknown scopes were taken out before. */
const permissionsOf = (interaction: Interaction): string[] =>
  namedScopes(interaction.params['scope']).filter((scope) => scope !== OFFLINE_ACCESS)
