/**
 * Checks of the secrets that the configuration refers to by name: whether they are set, and for how many people. Looks only where there
 * is a store already, and changes nothing.
 *
 * @module
 */

import { systemClock } from '../../core/index.ts'
import { type Config, secretsAskedBy } from '../../gateway/index.ts'
import { createNamedSecrets, type Data } from '../../vault/index.ts'
import { type Finding, ok, problem, warning } from './check.ts'

/** `data`: undefined where there is none yet. */
export async function checkSecrets(
  { servers }: Pick<Config, 'servers'>,
  data: Pick<Data, 'store' | 'vault'> | undefined,
): Promise<Finding[]> {
  const asked = servers.flatMap((server) => secretsAskedBy(server).map((reference) => ({ ...reference, server: server.id })))
  if (asked.length === 0) return []
  const secrets = data && createNamedSecrets({ ...data, clock: systemClock })
  const known = (await secrets?.list()) ?? []
  const findings: Finding[] = []
  for (const { secret, of, server } of asked) {
    const found = known.filter(({ name, user }) => name === secret && (user === undefined) === (of === 'everybody'))
    const name = `secret ${secret}`
    if (of === 'person')
      findings.push(
        found.length > 0
          ? ok(name, `${found.length} ${found.length === 1 ? 'person has' : 'people have'} set their own for ${server}`)
          : warning(
              name,
              `nobody has set their own, so that what ${server} offers is not known yet`,
              `people set it on their account page, or: sallyport secret set ${secret} --user NAME`,
            ),
      )
    else if (found.length === 0) findings.push(problem(name, `${server} is handed it, and it is not set`, `sallyport secret set ${secret}`))
    else if ((await secrets?.open(secret)) === undefined)
      findings.push(
        problem(name, 'cannot be opened with the master key that is here', `sallyport secret set ${secret}, or put the key back`),
      )
    else findings.push(ok(name, `is set, for ${server}`))
  }
  return findings
}
