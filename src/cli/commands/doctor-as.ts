/**
 * `sallyport doctor --as claude-code,codex URL`: what would stop each of these clients at a server that runs, ours or anybody's, and
 * what to do about it. Exit code 1 where one of them could not sign in.
 *
 * @module
 */

import { checkAs } from '../checks/as.ts'
import type { Finding } from '../checks/check.ts'
import { type ClientProfile, clientProfiles } from '../checks/client-profiles.ts'
import { exitCodes } from '../codes.ts'
import { CliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { whileWaiting } from '../waiting.ts'

export interface Checked {
  readonly client: string
  readonly name: string
  readonly ok: boolean
  readonly findings: readonly Finding[]
}

export async function doctorAs(
  names: string,
  url: string | undefined,
  output: Output,
  show: (findings: readonly Finding[]) => void,
): Promise<void> {
  const profiles = parseClients(names)
  const endpoint = URL.parse(url ?? '')
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol))
    throw new CliError(
      'E-USAGE',
      'the URL is not an http or https URL',
      'give the address of the endpoint, such as http://localhost:7777/mcp',
    )

  const clients: Checked[] = []
  for (const profile of profiles) {
    let step = 'first request'
    const what = (): string => `${profile.name}: after ${step}`
    const findings = await whileWaiting(
      what,
      output,
      checkAs(endpoint, profile, ({ name }) => {
        step = name
      }),
    )
    const isOk = findings.every(({ status }) => status !== 'problem')
    clients.push({ client: profile.id, name: profile.name, ok: isOk, findings })
    output.line(output.paint('bold', profile.name))
    show(findings)
    output.line()
  }
  const stopped = clients.filter(({ ok }) => !ok)
  output.object({ ok: stopped.length === 0, url: endpoint.href, clients })
  const all = clients.length === 1 ? 'it gets' : 'all get'
  if (stopped.length === 0) output.line(`${all} as far as the sign-in page of ${endpoint.host}`)
  else {
    output.line(`would not sign in: ${stopped.map(({ client }) => client).join(', ')}`)
    process.exitCode = exitCodes.failure
  }
}

function parseClients(names: string): ClientProfile[] {
  const wanted = [...new Set(names.split(',').map((name) => name.trim()))]
  const known = clientProfiles.map(({ id }) => id)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new CliError(
      'E-USAGE',
      `there is no client ${JSON.stringify(unknown)} to act as`,
      `choose from ${known.join(', ')}, several with commas`,
    )
  return clientProfiles.filter(({ id }) => wanted.includes(id))
}
