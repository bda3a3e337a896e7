/**
 * A person's own keys. Whoever has one calls as that person, so that making one needs a recent sign-in; ending one does not.
 * The key itself is on one page, once: a form that is sent again makes no other.
 *
 * @module
 */

import type { Account } from '../../people/index.ts'
import type { Counters } from '../../storage/index.ts'
import { type ApiKeyInfo, isHeldBy } from '../api-key-record.ts'
import type { ApiKeys } from '../api-keys.ts'
import type { Settings } from '../options.ts'
import { accountProblem, keyMadePage, keysPage, newKeyPage, type Page, plain, rollKeyPage, texts } from '../pages/index.ts'
import { groupScopes } from '../scopes.ts'
import { isFirst, newOnce } from './once.ts'
import type { Action, Visit } from './visit.ts'

export interface KeysParts {
  readonly keys: ApiKeys
  readonly settings: Pick<Settings, 'shownScopes' | 'hierarchy'>
  readonly counters: Counters
  /** The URL that programs send keys to. */
  readonly server: string
}

const MAX_KEYS = 20
/** Of an account in an hour, replaced ones too: each is kept a while after it has ended. */
const MAX_MADE = 60
/** Those that ended last are shown, so that somebody finds out why a program is refused. */
const MAX_ENDED = 20
const KEY_DAYS: readonly number[] = [7, 30, 90, 365]
const DEFAULT_DAYS = 90
const OVERLAP_HOURS: readonly number[] = [0, 24, 168]
const HOUR_MS = 3_600_000

export function keyActions({ keys, settings, counters, server }: KeysParts): readonly Action[] {
  const isLive = ({ revokedAt, expiresAt }: ApiKeyInfo, now: number): boolean => revokedAt === undefined && expiresAt > now
  /** Those of this very account: a key of an earlier one of the name is good for nothing. */
  async function keysOf(account: Account): Promise<readonly ApiKeyInfo[]> {
    return (await keys.listOf(account.name)).filter((key) => isHeldBy(key, account)).sort((a, b) => b.createdAt - a.createdAt)
  }
  const sentencesOf = (scopes: readonly string[]): string[] => groupScopes(scopes, settings.hierarchy).flatMap(({ sentences }) => sentences)
  const groups = () => groupScopes(settings.shownScopes(), settings.hierarchy)

  function showNew({ frame, formTo }: Visit, problem?: string, typed = ''): Page {
    const days = { choices: KEY_DAYS, chosen: DEFAULT_DAYS }
    return newKeyPage({ frame, target: formTo('/keys/new'), once: newOnce(), groups: groups(), days, name: typed, problem })
  }
  const rollable = async ({ account, now }: Visit, id: string | null): Promise<ApiKeyInfo | undefined> =>
    (await keysOf(account)).find((key) => key.id === id && isLive(key, now) && key.replacedBy === undefined)

  async function isOverBudget({ account, noteRefusal }: Visit, action: string): Promise<boolean> {
    const { count } = await counters.increment(`account-keys:${JSON.stringify(account.name)}`, HOUR_MS)
    if (count > MAX_MADE) noteRefusal(action, 'rate_limited')
    return count > MAX_MADE
  }

  return [
    {
      method: 'GET',
      path: '/keys',
      async run({ account, frame, formTo, now }) {
        const all = await keysOf(account)
        const ended = all.filter((key) => !isLive(key, now)).slice(0, MAX_ENDED)
        const keys = [...all.filter((key) => isLive(key, now)), ...ended].map((key) => ({ ...key, sentences: sentencesOf(key.scopes) }))
        return keysPage({ frame, keys, now, revoke: formTo('/keys/revoke') })
      },
    },
    { method: 'GET', path: '/keys/new', recent: true, run: async (visit) => showNew(visit) },
    {
      method: 'POST',
      path: '/keys/new',
      recent: true,
      async run(visit) {
        const { account, form, frame, now, note } = visit
        const name = plain((form.get('name') ?? '').slice(0, 256), 64)
        const offered = groups().flatMap(({ scopes }) => scopes)
        const scopes = offered.filter((scope) => form.getAll('scope').includes(scope))
        const days = KEY_DAYS.find((each) => String(each) === form.get('days')) ?? DEFAULT_DAYS
        if (name === '') return showNew(visit, texts.account.keys.noName)
        if (scopes.length === 0) return showNew(visit, texts.account.keys.noScope, name)
        if ((await keysOf(account)).filter((key) => isLive(key, now)).length >= MAX_KEYS)
          return showNew(visit, texts.account.keys.full(MAX_KEYS), name)
        if (!(await isFirst(counters, visit))) return accountProblem('twice', { back: `${frame.base}/keys` })
        if (await isOverBudget(visit, 'key.create')) return accountProblem('tooMany', { back: `${frame.base}/keys` })
        const made = await keys.create({ name, scopes, createdBy: account.name, account: account.name, expiresInDays: days })
        note('key.create', made.id)
        return keyMadePage({ frame, ...made, server })
      },
    },
    {
      method: 'GET',
      path: '/keys/replace',
      recent: true,
      async run(visit) {
        const { frame, query, formTo } = visit
        const key = await rollable(visit, query.get('key'))
        if (key === undefined) return accountProblem('unknown', { back: `${frame.base}/keys` })
        return rollKeyPage({ frame, target: formTo('/keys/replace'), once: newOnce(), key, overlapHours: OVERLAP_HOURS })
      },
    },
    {
      method: 'POST',
      path: '/keys/replace',
      recent: true,
      async run(visit) {
        const { account, form, frame, note } = visit
        const key = await rollable(visit, form.get('key'))
        if (key === undefined) return accountProblem('unknown', { back: `${frame.base}/keys` })
        if (!(await isFirst(counters, visit))) return accountProblem('twice', { back: `${frame.base}/keys` })
        if (await isOverBudget(visit, 'key.roll')) return accountProblem('tooMany', { back: `${frame.base}/keys` })
        const hours = OVERLAP_HOURS.find((each) => String(each) === form.get('overlap')) ?? 0
        const rolled = await keys.roll(key.id, { overlapMs: hours * HOUR_MS, by: account.name })
        if ('problem' in rolled) return accountProblem('unknown', { back: `${frame.base}/keys` })
        note('key.roll', key.id)
        return keyMadePage({ frame, ...rolled, oldEndsAt: hours === 0 ? 'ended' : rolled.oldEndsAt, server })
      },
    },
    {
      method: 'POST',
      path: '/keys/revoke',
      async run({ account, form, note }) {
        const key = (await keysOf(account)).find(({ id }) => id === form.get('key'))
        const ended = key !== undefined && (await keys.revoke(key.id))
        if (ended) note('key.revoke', key.id)
        return { goTo: '/keys', ...(ended && { done: 'key-revoked' }) }
      },
    },
  ]
}
