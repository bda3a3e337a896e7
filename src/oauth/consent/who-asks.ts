/**
 * What is known of the client that asks, apart from what it says of itself: who vouches for it, how long it has been here, and how many came
 * from where it came from. Its name is a claim, whoever vouches.
 *
 * @module
 */

import { isLoopbackHost } from '../../net/index.ts'
import { isClientIdUrl } from '../cimd-url.ts'
import type { ClientInfo, Clients } from '../clients.ts'
import type { OpenInteraction } from '../interaction.ts'
import type { WhoAsks } from '../pages/index.ts'
import { problemsWithName } from './names.ts'

export async function findWhoAsks(clients: Pick<Clients, 'get' | 'countFrom'>, opened: OpenInteraction): Promise<WhoAsks> {
  const info = await clients.get(opened.clientId)
  const from = info?.registeredFrom
  return {
    voucher: voucherOf(info, opened),
    nameProblems: problemsWithName(info?.name ?? ''),
    firstSeenAt: info?.createdAt,
    othersFromThere: from === undefined ? undefined : Math.max(0, (await clients.countFrom(from)) - 1),
  }
}

function voucherOf(info: ClientInfo | undefined, { clientId, redirectUri }: OpenInteraction): WhoAsks['voucher'] {
  if (info?.registered === 'by-operator') return { kind: 'operator-made' }
  if (isApproved(info)) return { kind: 'operator-approved' }
  if (!isClientIdUrl(clientId)) return { kind: 'nobody' }
  // On this computer any program can pass for it (MCP 2026-07-28, localhost redirect URI risks).
  return { kind: 'host', host: new URL(clientId).host, isVerified: isOverNetwork(redirectUri) }
}

/** Not on https://localhost either: whatever listens there is on the person's own computer. */
function isOverNetwork(redirectUri: string | undefined): boolean {
  const url = URL.parse(redirectUri ?? '')
  return url?.protocol === 'https:' && !isLoopbackHost(url.hostname.replace(/\.$/, '')) && !/\.localhost\.?$/.test(url.hostname)
}
const isApproved = (info: ClientInfo | undefined): boolean => info?.approved?.lapsed === false

/**
 * Whether nobody needs to be asked: an operator approved the client as it is now, and the answer goes to a place that is its own. Another
 * program can listen on this computer, and a device code can be somebody else's: there a person looks, whoever approved (RFC 8252 §8.6).
 */
export async function needsNobody(
  clients: Pick<Clients, 'get'>,
  { interaction, clientId, redirectUri }: OpenInteraction,
): Promise<string | undefined> {
  const { prompt } = interaction.params
  const isWanted = typeof prompt === 'string' && prompt.split(' ').includes('consent')
  if (isWanted || interaction.deviceCode !== undefined || !isOverNetwork(redirectUri)) return undefined
  const info = await clients.get(clientId)
  return isApproved(info) ? info?.approved?.by : undefined
}
