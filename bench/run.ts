/**
 * `npm run bench`: Sallyport, its peers and bare `node:http` in one run, in turn, so that a ratio means something on a
 * machine whose speed changes from minute to minute.
 *
 * A benchmark measures: the exit code is 0 whatever the figures are. It is 1 only where a server does not start or answers
 * wrongly, since a figure for a wrong answer is worth nothing. The report is on stdout, progress on stderr.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cleanUpAtEnd } from './harness/child.ts'
import { measureClients } from './harness/clients.ts'
import { toGoals } from './harness/goals.ts'
import { buildPackage } from './harness/guard.ts'
import { createGenerator, type Load } from './harness/load.ts'
import { CONNECTIONS, measure, measureAlone, type Turn, warmUp } from './harness/measure.ts'
import { measureRedaction } from './harness/redaction.ts'
import { type Results, toRow } from './harness/results.ts'
import { measureSandbox } from './harness/sandbox.ts'
import { bringUp, type Server, servers } from './harness/servers.ts'
import { measureStartUp } from './harness/start-up.ts'
import { runStdio } from './harness/stdio-load.ts'
import { type Circumstances, toText } from './harness/table.ts'

const usage = `usage: npm run bench -- [--quick] [--json] [--only NAME[,NAME…]] [--rounds N] [--seconds N] [--generator wrk|autocannon]

  --quick      one round of one second each: whether everything works, not how fast it is
  --json       one JSON object on stdout in place of the table
  --only       the row of that name, else those whose name contains it, with what they are compared to; client: MCPClient beside the SDK's;
               sandbox: a tool in the sandbox beside the same in the process
  --rounds     1 to 25; 5 unless told
  --seconds    1 to 60 slices of a second for each; 2 unless told
  --generator  wrk where it is installed, unless told

names: ${servers.map(({ name }) => name).join(', ')}, client, sandbox
`

const options = readOptions()
cleanUpAtEnd()
const generator = createGenerator(options.generator)
const withClients = options.only.length === 0 || options.only.includes('client')
const withSandbox = options.only.length === 0 || options.only.includes('sandbox')
const named = options.only.filter((name) => name !== 'client' && name !== 'sandbox')
const chosen = options.only.length > 0 && named.length === 0 ? [] : choose(named)
const complete = chosen.length === servers.length && withClients && withSandbox
say(`sallyport guard runs from ${buildPackage().from}`)
const failures = new Set<string>()
const effort = { seconds: options.seconds, warmUpSeconds: options.quick ? 1 : 6 }

say(`${options.rounds} × ${effort.seconds} s, ${chosen.length} servers, ${generator.name}`)
const turns = new Map<string, Turn[]>(chosen.map(({ name }) => [name, []]))
const pipes: { peak: Load; alone: Load }[] = []
for (let round = 1; round <= options.rounds; round++) {
  for (const server of chosen.filter(({ name, base }) => base === undefined || chosen.some((each) => each.base === name))) {
    if (server.group === 'stdio gateway') await attempt(async () => void pipes.push(await measurePipes()))
    await attempt(() => measureGroup(round, server))
  }
}
const clients = withClients ? await attempt(() => measureClients(options.rounds, effort.seconds, say)) : undefined
const sandbox = withSandbox ? await attempt(() => measureSandbox(options.quick, say)) : undefined
for (const left of sandbox?.leftBehind ?? []) failures.add(`the sandbox left ${left} behind`)
const startUp = complete ? await attempt(() => measureStartUp(options.quick ? 1 : 5)) : undefined
const redaction = complete ? await attempt(async () => measureRedaction()) : undefined

const results: Results = {
  rows: chosen.flatMap((server) => toRow(server, turns.get(server.name) ?? []) ?? []),
  pipes: pipes.sort((a, b) => a.alone.p50 - b.alone.p50)[pipes.length >> 1],
  clients,
  sandbox,
  startUp,
  redaction,
  failures: [...failures],
}
const about: Circumstances = {
  date: new Date().toISOString(),
  commit: commit(),
  node: process.versions.node,
  generator: generator.name,
  cores: availableParallelism(),
  rounds: options.rounds,
  seconds: effort.seconds,
}
process.stdout.write(
  options.json
    ? `${JSON.stringify({ about, cpu: cpus()[0]?.model, ...results, goals: toGoals(results) }, undefined, 2)}\n`
    : toText(results, about),
)
if (complete && !options.quick && failures.size === 0) record()
process.exitCode = failures.size > 0 ? 1 : 0

/** One row that fails does not cost the others their figures. */
async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    failures.add(problem)
    say(`✗ ${problem}`)
    return undefined
  }
}

/** The base first; it stays up for those that are compared with it. */
async function measureGroup(round: number, baseServer: Server): Promise<void> {
  const base = await bringUp(baseServer)
  try {
    // One that has a base itself was measured next to that.
    if (baseServer.base === undefined) note(round, baseServer, await measure(base, undefined, generator, effort))
    else await warmUp(base.message, generator, effort)
    for (const server of chosen.filter((each) => each.base === baseServer.name)) {
      await attempt(async () => note(round, server, await measureAlone(server, base, generator, effort)))
    }
  } finally {
    await base.stop()
  }
}

function note(round: number, server: Server, turn: Turn): void {
  turns.get(server.name)?.push(turn)
  const { requestsPerSecond = 0, ratio } = toRow(server, [turn]) ?? {}
  say(
    `round ${round}/${options.rounds}  ${server.name.padEnd(20)} ${Math.round(requestsPerSecond).toString().padStart(6)} req/s  ${ratio?.toFixed(2) ?? ''}`,
  )
}

async function measurePipes(): Promise<{ peak: Load; alone: Load }> {
  const { seconds } = effort
  return { peak: await runStdio(CONNECTIONS, 1, seconds), alone: await runStdio(1, 1, seconds) }
}

/** A line a full run, so that a slower commit can be found. */
function record(): void {
  const ratios = Object.fromEntries(
    results.rows.map(({ name, ratio }) => [name, ratio === undefined ? null : Math.round(ratio * 1000) / 1000]),
  )
  const goals = Object.fromEntries(toGoals(results).map(({ what, measured }) => [what, measured ?? null]))
  appendFileSync(new URL('history.jsonl', import.meta.url), `${JSON.stringify({ ...about, ratios, goals })}\n`)
}

function choose(only: readonly string[]): readonly Server[] {
  if (only.length === 0) return servers
  const named = new Set<string>()
  for (const part of only) {
    const exact = servers.filter(({ name }) => name === part)
    const matching = exact.length > 0 ? exact : servers.filter(({ name }) => name.includes(part))
    if (matching.length === 0) fail(`no row is called ${part}`)
    for (const server of matching) for (const { name } of withBases(server)) named.add(name)
  }
  return servers.filter(({ name }) => named.has(name))
}

/** Itself, what it is compared with, and what that is compared with. */
function withBases(server: Server): Server[] {
  const base = servers.find(({ name }) => name === server.base)
  return base ? [server, ...withBases(base)] : [server]
}

function readOptions() {
  const names = {
    quick: 'boolean',
    json: 'boolean',
    help: 'boolean',
    only: 'string',
    rounds: 'string',
    seconds: 'string',
    generator: 'string',
  } as const
  try {
    const { values } = parseArgs({
      options: Object.fromEntries(Object.entries(names).map(([name, type]) => [name, { type }])) as {
        [N in keyof typeof names]: { type: (typeof names)[N] }
      },
    })
    if (values.help) {
      process.stdout.write(usage)
      process.exit(0)
    }
    const { generator: preferred } = values
    if (preferred !== undefined && preferred !== 'wrk' && preferred !== 'autocannon') fail('--generator takes wrk or autocannon')
    return {
      quick: values.quick ?? false,
      json: values.json ?? false,
      only: values.only?.split(',').filter(Boolean) ?? [],
      rounds: bounded('--rounds', values.rounds ?? (values.quick ? '1' : '5'), 25),
      seconds: bounded('--seconds', values.seconds ?? (values.quick ? '1' : '2'), 60),
      generator: preferred,
    }
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function bounded(name: string, text: string, most: number): number {
  const figure = Number(text)
  if (!Number.isInteger(figure) || figure < 1 || figure > most) fail(`${name} takes a whole number from 1 to ${most}`)
  return figure
}

function fail(problem: string): never {
  process.stderr.write(`error: ${problem}\n${usage}`)
  process.exit(2)
}

/** With `+` where the tree has changes that are not committed: such a figure belongs to no commit. */
function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        encoding: 'utf8',
        timeout: 5000,
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'bench') ? '+' : '')
  } catch {
    return 'unknown'
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
