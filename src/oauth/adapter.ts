/**
 * oidc-provider's storage seam over ours. The library looks whether a value was consumed and consumes it in two steps, so
 * being atomic is this file's job (research: 4 of 4 parallel redemptions of one code won without).
 *
 *   code           consumed once; whoever comes second is refused, and takes the grant with it (RFC 6749 §4.1.2)
 *   pushed request, proof, assertion  used once; whoever comes second is refused (RFC 9126 §4, RFC 9449 §11.1)
 *   refresh token  consumed once, but for 60 s it still answers the same successor: clients refresh in parallel and repeat
 *                  what got lost; later it ends the family (OAuth 2.1 §4.3.1)
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { type Adapter, type AdapterFactory, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Clock } from '../core/index.ts'
import type { Counters } from '../storage/index.ts'
import type { Artifact, ArtifactOptions, Artifacts, Payload } from './artifacts.ts'
import type { Clients } from './clients.ts'
import { deviceCodeAdapter } from './device-codes.ts'
import { type Grants, grantGroup } from './grants.ts'
import { PUSHED_KEPT_SECONDS } from './par.ts'

const REUSE_WINDOW_MS = 60_000

export interface AdapterParts {
  readonly artifacts: Artifacts
  readonly clients: Clients
  readonly grants: Grants
  readonly counters: Counters
  readonly clock: Clock
  /** The group of the address that the provider is being asked from. */
  readonly addressGroupOf: (request: IncomingMessage) => string
}

export function createAdapter(parts: AdapterParts): AdapterFactory {
  return (model) => {
    if (model === 'Client') return clientAdapter(parts)
    if (model === 'Grant') return grantAdapter(parts)
    if (model === 'DeviceCode') return deviceCodeAdapter(artifactAdapter(model, parts), parts)
    return artifactAdapter(model, parts)
  }
}

const asPayload = (payload: AdapterPayload): Payload => payload as Payload
const fromPayload = (payload: Payload | undefined): AdapterPayload | undefined => payload as AdapterPayload | undefined
const never = async (): Promise<undefined> => undefined

/**
 * Where clients come that were not here before. Elsewhere nobody is asked for one: it costs a caller nothing to name URLs at the token
 * endpoint, and a sign-in is counted.
 */
const begins: readonly string[] = ['authorization', 'pushed_authorization_request', 'device_authorization']

function clientAdapter({ clients, addressGroupOf }: AdapterParts): Adapter {
  return {
    async upsert(id, payload) {
      const request = Provider.ctx?.req
      await clients.register(id, asPayload(payload), request && addressGroupOf(request as IncomingMessage))
    },
    async find(id) {
      const isBegin = begins.includes(Provider.ctx?.oidc.route ?? '')
      const found = await clients.find(id, { onlyKnown: !isBegin })
      const problem = found === undefined && isBegin ? clients.problemOf?.(id) : undefined
      // The detail is for the record: callers read that the client is not known.
      if (problem !== undefined) throw new errors.InvalidClient('client is invalid', problem)
      return fromPayload(found)
    },
    destroy: async (id) => void (await clients.remove(id)),
    findByUid: never,
    findByUserCode: never,
    consume: never,
    revokeByGrantId: never,
  }
}

function grantAdapter({ grants }: AdapterParts): Adapter {
  return {
    upsert: (id, payload, ttlSeconds) => grants.save(id, asPayload(payload), ttlSeconds as number),
    find: async (id) => fromPayload(await grants.find(id)),
    destroy: async (id) => void (await grants.revoke(id)),
    findByUid: never,
    findByUserCode: never,
    consume: never,
    revokeByGrantId: never,
  }
}

function artifactAdapter(model: string, { artifacts, grants, clock }: AdapterParts): Adapter {
  const rotates = model === 'RefreshToken'
  // Of a proof or an assertion that was used before (RFC 9449 §11.1, RFC 7523 §3): whoever comes second finds its id taken.
  const isReplay = model === 'ReplayDetection'
  const isPushed = model === 'PushedAuthorizationRequest'
  const oneTime = rotates || isReplay || model === 'AuthorizationCode'

  function toPayload(found: Artifact | undefined): AdapterPayload | undefined {
    if (found === undefined) return undefined
    const { payload, consumedAt } = found
    const inWindow = rotates && consumedAt !== undefined && clock() - consumedAt < REUSE_WINDOW_MS
    return fromPayload(consumedAt === undefined || inWindow ? payload : { ...payload, consumed: Math.floor(consumedAt / 1000) })
  }
  function optionsOf({ grantId, uid }: AdapterPayload, ttlSeconds: number | undefined): ArtifactOptions {
    const group = grantId !== undefined ? grantGroup(grantId) : uid !== undefined ? artifacts.groupOf(model, uid) : undefined
    return { ttlSeconds: (ttlSeconds as number) + (isPushed ? PUSHED_KEPT_SECONDS : 0), group }
  }
  return {
    async upsert(id, payload, ttlSeconds) {
      const options = optionsOf(payload, ttlSeconds)
      if (!oneTime) return artifacts.put(model, id, asPayload(payload), options)
      // A successor that is there already was made by a parallel refresh: it is the same one.
      if ((await artifacts.add(model, id, asPayload(payload), options)) || rotates) return
      throw isReplay ? new errors.InvalidGrant('used by somebody else meanwhile') : new Error('a code came up twice')
    },
    find: async (id) => toPayload(await artifacts.find(model, id)),
    findByUid: async (uid) => toPayload(await artifacts.findByGroup(model, artifacts.groupOf(model, uid))),
    findByUserCode: never,
    async consume(id) {
      if ((await artifacts.consume(model, id)) || rotates) return
      if (isPushed) throw new errors.InvalidRequestUri('used by somebody else meanwhile')
      const grantId = (await artifacts.find(model, id))?.payload['grantId']
      if (typeof grantId === 'string') await grants.revoke(grantId)
      throw new errors.InvalidGrant('used by somebody else meanwhile')
    },
    destroy: (id) => artifacts.remove(model, id),
    revokeByGrantId: (grantId) => artifacts.removeGroup(grantGroup(grantId)),
  }
}
