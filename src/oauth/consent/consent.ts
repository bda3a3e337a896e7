/**
 * The second question: do you allow this. What is ticked becomes a grant of its own, what is not is refused with it.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Interaction, Provider } from 'oidc-provider'
import type { Clients } from '../clients.ts'
import { type Answer, finish, type OpenInteraction, type OpenInteractions } from '../interaction.ts'
import type { Settings } from '../options.ts'
import { consentPage, nothingTicked, type Page, sourceOf } from '../pages/index.ts'
import { GRANT_TTL_SECONDS, REFRESH_TTL_SECONDS } from '../provider.ts'
import type { Recorder } from '../recorder.ts'
import type { Resources } from '../resources.ts'
import { groupScopes, namedScopes, OFFLINE_ACCESS } from '../scopes.ts'

export interface ConsentParts {
  readonly provider: Provider
  readonly settings: Settings
  readonly resources: Resources
  readonly clients: Clients
  readonly interactions: OpenInteractions
  readonly record: Recorder
}

export interface Consent {
  /** The page of an interaction that asks for consent. */
  show(opened: OpenInteraction): Promise<Page>
  answer(request: IncomingMessage, response: ServerResponse, uid: string, form: URLSearchParams): Answer
}

export function createConsent({ provider, settings, resources, clients, interactions, record }: ConsentParts): Consent {
  const { keyRing, accessTokenTtlSeconds } = settings
  const server = new URL(resources.canonical).host

  function showConsent(opened: OpenInteraction, problem?: string): Page {
    const { interaction, client, clientId, redirectUri, renews } = opened
    return consentPage({
      action: interactions.pathOf(interaction.uid, 'consent'),
      csrf: interactions.csrfOf(opened),
      account: interaction.session?.accountId ?? '',
      client,
      clientId,
      redirectUri,
      server,
      groups: groupScopes(permissionsOf(interaction), settings.hierarchy),
      accessMinutes: Math.round(accessTokenTtlSeconds / 60),
      staysDays: renews ? REFRESH_TTL_SECONDS / 86_400 : undefined,
      problem,
      leadsTo: redirectUri && sourceOf(redirectUri),
    })
  }
  return {
    show: async (opened) => showConsent(opened),
    async answer(request, response, uid, form) {
      const opened = await interactions.open(request, response, uid)
      const accountId = opened?.interaction.session?.accountId
      if (opened?.interaction.prompt.name !== 'consent' || accountId === undefined) return interactions.refuseLate(request, 'consent')
      if (interactions.isForged(request, opened, form)) return interactions.refuseForged(request, 'consent', opened, accountId)
      const { interaction, clientId, client } = opened
      const groups = groupScopes(permissionsOf(interaction), settings.hierarchy)
      const ticked = new Set(form.getAll('group'))
      const granted = groups.filter(({ name }) => ticked.has(name)).flatMap(({ scopes }) => scopes)
      const refused = groups.filter(({ name }) => !ticked.has(name)).flatMap(({ scopes }) => scopes)
      const about = { action: 'consent', subject: accountId, clientId, clientName: client, target: resources.canonical }

      if (form.get('decision') !== 'allow') {
        record(request, { ...about, decision: 'deny', reason: 'access_denied', facts: { asked: [...granted, ...refused] } })
        const result = { error: 'access_denied', error_description: 'The person did not allow it.' }
        return finish(response, interaction, result)
      }
      if (granted.length === 0) return showConsent(opened, nothingTicked)
      // First kept, then granted: a client that ended in between has no grant.
      await clients.keep(clientId)
      const grant = new provider.Grant({ accountId, clientId })
      // A form that is sent twice is one answer: both write the same grant.
      grant.jti = keyRing.mac('grant', interaction.uid).toString('base64url')
      ;(grant as unknown as { expiresIn: number }).expiresIn = opened.renews ? GRANT_TTL_SECONDS : accessTokenTtlSeconds + 600
      grant.addResourceScope(resources.canonical, granted)
      if (refused.length > 0) grant.rejectResourceScope(resources.canonical, refused)
      if (namedScopes(interaction.params['scope']).includes(OFFLINE_ACCESS)) grant.addOIDCScope(OFFLINE_ACCESS)
      const grantId = await grant.save()
      record(request, { ...about, decision: 'allow', reason: 'allowed', facts: { grant: grantId, granted, refused } })
      return finish(response, interaction, { ...interaction.lastSubmission, consent: { grantId } })
    },
  }
}

/** What is asked for, without what is between client and authorization server. Unknown scopes were taken out before. */
const permissionsOf = (interaction: Interaction): string[] =>
  namedScopes(interaction.params['scope']).filter((scope) => scope !== OFFLINE_ACCESS)
