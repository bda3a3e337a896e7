/**
 * Checks of the sandbox: how deep it is on this machine and why not deeper, and what each server of the configuration makes of it.
 * They try it, start no server and change nothing.
 *
 * @module
 */

import { ConfigError } from '../../core/index.ts'
import { type Config, checkGrants, explainServers, lockFileOf } from '../../gateway/index.ts'
import { type Confinement, detectContainer, openConfinement, type Probe, probeBubblewrap } from '../../sandbox/index.ts'
import { type Finding, ok, problem, warning } from './check.ts'

const NAME = 'sandbox'

export async function checkSandbox(
  probe: () => Promise<Probe> = probeBubblewrap,
  open: () => Promise<Confinement> = openConfinement,
): Promise<Finding[]> {
  const opened = await orWhyNot(open)
  if (typeof opened === 'string') {
    const [what, fix = ''] = opened.split(': ', 2)
    return [problem(NAME, `${what}, so that it is not known how deep it is`, fix)]
  }
  const { depth, missing } = opened
  const findings = depth === 'bubblewrap' ? [await whole(probe)] : [shallow(depth, missing)]
  // With bubblewrap: what the machine lacks beside it, as a filter for an unknown processor.
  if (depth === 'bubblewrap') findings.push(...missing.map((text) => warning(NAME, text, 'nothing can be done on this machine')))
  const container = detectContainer()
  if (container === undefined) return findings
  const found = `this is a container (${container.kind}): ${container.adds}`
  // What lets bubblewrap work in it is said where that is why it does not.
  const isSaid = depth === 'bubblewrap' || missing[0]?.includes(container.allow) === true
  return [...findings, isSaid ? ok(NAME, found) : warning(NAME, found, `for bubblewrap to work in it as well: ${container.allow}`)]
}

/** What it could not be told for. */
const orWhyNot = (open: () => Promise<Confinement>): Promise<Confinement | string> =>
  open().catch((error: unknown) => {
    if (error instanceof ConfigError) return error.message
    throw error
  })

async function whole(probe: () => Promise<Probe>): Promise<Finding> {
  const { version } = await probe()
  const who = process.getuid?.() === 0 ? 'a user of its own for each program' : 'user namespaces'
  return ok(NAME, `bubblewrap ${version ?? ''}: namespaces, a filter for system calls, limits, ${who}`)
}

function shallow(depth: Confinement['depth'], [why = '', ...missing]: readonly string[]): Finding {
  // `What is wrong (as somebody else says it): what mends it.`
  const [, what = why, fix = 'see docs/sandbox.md'] = /^((?:\(.*?\)|[^(])*?): (.*?)\.?$/s.exec(why) ?? []
  const held = depth === 'none' ? 'there is none' : `its depth is ${depth}, which is less than it could be`
  return warning(NAME, [`${held}. ${what}.`, ...missing].join(' '), fix)
}

/** Of servers that are commands: whether each is confined, and grants that cannot be given. */
export async function checkServerSandboxes(config: Config, dataDir: string): Promise<Finding[]> {
  const servers = config.servers.filter(({ target }) => 'command' in target)
  if (servers.length === 0) return []
  const confinement = await orWhyNot(openConfinement)
  // That is said above, and none of them would be started.
  if (typeof confinement === 'string') return []
  const explanations = explainServers(servers, { confinement, dataDir })
  const own = [...(config.file === undefined ? [] : [config.file]), lockFileOf(config, dataDir)]
  return servers.flatMap((server, i) => {
    const problems = checkGrants(server, { dataDir, own, env: process.env })
    if (problems.length > 0) return problems.map((text) => problem(server.id, text, 'correct it in sallyport.yaml'))
    const { depth, notes } = explanations[i] as (typeof explanations)[number]
    if (depth !== 'none') return [ok(server.id, `runs in a sandbox (${depth}); sallyport explain ${server.id} says what it could reach`)]
    const said = notes.join(' ')
    if (server.sandbox?.use === 'required')
      return [problem(server.id, said, 'mend the sandbox of this machine, or write dangerouslyOptional: true in its sandbox block')]
    return [warning(server.id, said, 'grant it what it needs, in its sandbox block, in place of everything')]
  })
}
