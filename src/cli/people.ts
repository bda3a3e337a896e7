/** What the commands about people have in common: the people in a data directory, one of them by name, and where their pages are. @module */

import { systemClock } from '../core/index.ts'
import { isLoopbackHost } from '../net/index.ts'
import { type Account, createPeople, type People, toName } from '../people/index.ts'
import { createMemoryCounters } from '../storage/index.ts'
import type { Data } from '../vault/index.ts'
import { CliError } from './errors.ts'
import { shown } from './shown.ts'

/** Nobody signs in here: no counter counts, and nothing is bound to an address. */
export const peopleOf = ({ store, keyRing, vault }: Pick<Data, 'store' | 'keyRing' | 'vault'>): People =>
  createPeople({ store, keyRing, vault, counters: createMemoryCounters(), clock: systemClock, issuer: 'http://localhost' })

/** @throws {CliError} where there is none. */
export async function accountOf({ accounts, links }: Pick<People, 'accounts' | 'links'>, named: string): Promise<Account> {
  const name = toName(named)
  const account = await accounts.find(name)
  if (account !== undefined) return account
  const invitations = await links.list('invitation')
  if (!invitations.some(({ purpose }) => purpose.kind === 'invitation' && purpose.name === name)) throw noAccount(named)
  throw new CliError('E-NOT-FOUND', `${name} is invited, and has no account yet`, `for another link: sallyport user invite ${name}`)
}
export const noAccount = (named: string): CliError =>
  new CliError('E-NOT-FOUND', `there is no account ${shown(named)}`, 'see `sallyport user list`, and check --data-dir')
export const refused = (problem: string): CliError => new CliError('E-USAGE', problem, 'correct it and run the command again')

/**
 * Where people reach the pages of a guard: what was named, else what the configuration says. A guard that was given another port on its
 * own command line is found by `--url` alone.
 *
 * @throws {CliError} where it is no URL that may carry a code, or where people sign in elsewhere.
 */
export async function pagesOf(given: string | undefined): Promise<string> {
  if (given !== undefined) return checked(given)
  const { loadConfig } = await import('../gateway/index.ts')
  const { listen, auth } = loadConfig({ cwd: process.cwd(), env: process.env })
  if (auth?.issuer !== undefined || auth?.localAccounts === false)
    throw new CliError(
      'E-USAGE',
      'people do not sign in with a password here',
      'invite them where they sign in, as the configuration says under auth',
    )
  const { originsOf, siteOf } = await import('../server/index.ts')
  return siteOf(listen, originsOf(listen, listen.port)).issuer
}

function checked(given: string): string {
  const url = URL.parse(given)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))
  if (url === null || !isSafe || url.username !== '' || url.search !== '' || url.hash !== '')
    throw new CliError(
      'E-USAGE',
      '--url must be https, or this machine',
      'write the address of the guard, such as --url https://mcp.example.com',
    )
  return url.origin + url.pathname.replace(/\/$/, '')
}
