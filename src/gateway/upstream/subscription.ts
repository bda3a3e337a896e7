import type { Clock } from '../../core/index.ts'
import type { Exchange } from './exchange.ts'
import type { ListKind } from './link.ts'

/** `subscriptions/listen` for list changes (2026-07-28 subscriptions): a request that stays open as long as the link. */
export function listenExchange(changes: readonly ListKind[], clock: Clock, settle: Exchange['settle'] = () => {}): Exchange {
  const notifications: Record<string, true> = {}
  for (const kind of changes) notifications[`${kind}ListChanged`] = true
  return { method: 'subscriptions/listen', params: { notifications }, meta: {}, mirrors: [], startedAt: clock(), deadlineAt: Infinity, progressed: undefined, settle }
}
