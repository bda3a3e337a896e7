/**
 * `sallyport user invite | reset`: links with which people choose a password themselves, so that no operator knows it. The link is printed
 * once; whoever has it has what it is good for.
 *
 * @module
 */

import { isLoopbackHost } from '../../net/index.ts'
import { LINK_MINUTES, type LinkPurpose, toName } from '../../people/index.ts'
import type { WithData } from '../common.ts'
import { withData, withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, type Output } from '../output.ts'
import { accountOf, pagesOf, peopleOf, refused } from '../people.ts'
import { recordOperator } from '../record.ts'
import { shown } from '../shown.ts'
import { minuteOf, split } from '../values.ts'

export interface InviteOptions extends WithData {
  readonly role?: readonly string[]
  readonly group?: readonly string[]
  readonly url?: string
}
export interface ResetOptions extends WithData {
  readonly url?: string
  readonly secondFactor?: boolean
}

export async function inviteUser(named: string, { json = false, dataDir, url, role, group }: InviteOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const pages = await pagesOf(url)
  const [roles, groups, name] = [split(role), split(group), toName(named)]
  const link = await withData(dataDir, async (data) => {
    const { accounts, links } = peopleOf(data)
    if (await accounts.find(name))
      throw new CliError('E-EXISTS', 'there is an account of that name', `for a new password: sallyport user reset ${shown(name)}`)
    const problem = accounts.problemWithNew({ name, roles, groups })
    if (problem !== undefined) throw refused(problem)
    const made = await links.create({ kind: 'invitation', name, roles, groups })
    await recordOperator(data.store, 'user.invite', name, startedAt, { roles, groups })
    return made
  })
  const address = `${pages}/welcome?code=${link.code}`
  output.object({ name, roles, groups, url: address, expiresAt: link.expiresAt })
  output.line(address)
  if (json) return
  tellWhere(output, pages, url)
  const what = roles.length > 0 ? `, with the role ${roles.join(', ')}` : ''
  output.note(`For ${name}${what}. Good once, until ${minuteOf(link.expiresAt)}; the next invitation of that name ends this one.`)
  output.note('Whoever has it first is that person here: send it by a way that only they can read.')
}

export async function resetUser(named: string, { json = false, dataDir, url, secondFactor = false }: ResetOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const pages = await pagesOf(url)
  const { account, link } = await withExistingData(dataDir, async (data) => {
    const people = peopleOf(data)
    const found = await accountOf(people, named)
    if (found.identity)
      throw new CliError('E-USAGE', `${found.name} signs in at ${shown(found.identity.provider)}`, 'what they sign in with is set there')
    if (found.disabled)
      throw new CliError('E-USAGE', `${found.name} is switched off`, `switch it on first: sallyport user enable ${found.name}`)
    if (secondFactor) await people.forgetSecondFactors(found)
    const purpose: LinkPurpose = { kind: 'password', name: found.name, since: found.since }
    const made = await people.links.create(purpose)
    await recordOperator(data.store, 'user.reset', found.name, startedAt, { secondFactor })
    return { account: found, link: made }
  })
  const address = `${pages}/welcome?code=${link.code}`
  output.object({ name: account.name, url: address, expiresAt: link.expiresAt, secondFactorRemoved: secondFactor })
  output.line(address)
  if (json) return
  tellWhere(output, pages, url)
  output.note(
    `With it ${account.name} chooses a new password. Good once, for ${LINK_MINUTES.password} minutes; until then the old one goes on.`,
  )
  output.note(
    secondFactor
      ? 'One-time codes, recovery codes and passkeys of the account are gone, and its sessions have ended.'
      : 'One-time codes and passkeys stay as they are. Where they are lost too: --second-factor.',
  )
}

/** A guard whose port was given on its command line is elsewhere, and nothing here can know. */
function tellWhere({ note }: Output, pages: string, given: string | undefined): void {
  if (given === undefined && isLoopbackHost(new URL(pages).hostname))
    note(`It leads to ${pages}. Where your guard is somewhere else, say so with --url, such as --url http://localhost:8080.`)
}
