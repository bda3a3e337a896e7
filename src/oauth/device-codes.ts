/**
 * Device codes in our store (RFC 8628). The library looks first and writes then, so being atomic is this file's job, as it is
 * `adapter.ts`'s: of those who confirm a code one goes on, of those who answer for it one is heard, and whoever asks for the
 * answer too often is told to slow down.
 *
 * @module
 */

import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider'
import type { Counters } from '../storage/index.ts'
import type { Artifacts } from './artifacts.ts'
import { DEVICE_CODE_TTL_SECONDS, POLL_SECONDS } from './device.ts'
import { grantGroup } from './grants.ts'

export interface DeviceCodeParts {
  readonly artifacts: Artifacts
  readonly counters: Counters
}

const KIND = 'DeviceCode'
/** So much longer than it is good it is kept, so that a device learns that it has expired, and asks for another (§3.5). */
const AFTERLIFE_SECONDS = 600
const LIFE_SECONDS = DEVICE_CODE_TTL_SECONDS + AFTERLIFE_SECONDS

/** `base`: how every one-time value is kept. */
export function deviceCodeAdapter(base: Adapter, { artifacts, counters }: DeviceCodeParts): Adapter {
  const isPending = ({ accountId, error }: AdapterPayload): boolean => accountId === undefined && error === undefined

  /** True for whoever takes this step first. */
  const first = (step: string, id: string): Promise<boolean> => artifacts.add(KIND, `${step} ${id}`, {}, { ttlSeconds: LIFE_SECONDS })

  /** Each question that comes too early makes the wait longer, and the wait begins anew. */
  async function checkPace(id: string): Promise<void> {
    const hidden = artifacts.groupOf(KIND, `pace ${id}`)
    const { count: hasty } = await counters.increment(`device-hasty:${hidden}`, LIFE_SECONDS * 1000, 0)
    if (await counters.takeOnce(`device-poll:${hidden}:${hasty}`, POLL_SECONDS * (hasty + 1))) return
    const { count } = await counters.increment(`device-hasty:${hidden}`, LIFE_SECONDS * 1000)
    await counters.takeOnce(`device-poll:${hidden}:${count}`, POLL_SECONDS * (count + 1))
    throw new errors.SlowDown(`wait ${POLL_SECONDS * (count + 1)} seconds between two requests`)
  }
  return {
    ...base,
    async upsert(id, payload, ttlSeconds) {
      const { userCode, grantId, inFlight } = payload
      const isDecided = !isPending(payload)
      if (isDecided && !(await first('decided', id))) throw new errors.AccessDenied('the code was answered for meanwhile')
      if (!isDecided && inFlight === true && !(await first('confirmed', id))) throw new errors.AccessDenied('the code was used meanwhile')
      const group = grantId === undefined ? artifacts.groupOf(KIND, userCode as string) : grantGroup(grantId)
      await artifacts.put(KIND, id, payload as Record<string, unknown>, { ttlSeconds: (ttlSeconds as number) + AFTERLIFE_SECONDS, group })
    },
    async find(id) {
      const found = await base.find(id)
      // Only the device is held back, and only while there is nothing to tell it.
      if (found !== undefined && isPending(found) && Provider.ctx?.oidc.route === 'token' && !isOver(found)) await checkPace(id)
      return found
    },
    async findByUserCode(userCode) {
      const found = await artifacts.findByGroup(KIND, artifacts.groupOf(KIND, userCode))
      return found?.payload as AdapterPayload | undefined
    },
  }
}

/** By the clock of the library, which wrote it. */
const isOver = ({ exp }: AdapterPayload): boolean => exp !== undefined && exp <= Math.floor(Date.now() / 1000)
