// Starts every real server of the catalogue behind a guard, one after the other, and counts the tools that a key sees through it: as raw
// messages, and as our own client lists and inspects them. What the detector finds in their definitions is printed: a false alarm, all of them.
//
//   node test/servers/list.ts [--only NAME]… [--json] [--build]
//
// What is not installed yet is fetched into .cache/servers; without a network those servers are skipped, and say so. Fails where a
// server does not start behind the guard or shows another number of tools than it does without it.

import { parseArgs, styleText } from 'node:util'
import { MCPClient } from '../../src/client-entry.ts'
import { createTempDir, mcp, startGuard } from '../support/index.ts'
import { granted } from '../support/sandbox.ts'
import { install, loadCatalogue, type Server } from './catalogue.ts'

interface Outcome {
  readonly name: string
  readonly package: string
  readonly expected: number
  readonly seen: number | null
  readonly ms: number | null
  readonly state: 'ok' | 'differs' | 'failed' | 'skipped'
  readonly note: string
}

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    build: { type: 'boolean', default: false },
  },
})
const catalogue = await loadCatalogue()
const unknown = flags.only?.find((name) => !catalogue.some((server) => server.name === name))
if (unknown !== undefined) {
  console.error(`error: there is no server ${unknown}\nfix: choose from ${catalogue.map((server) => server.name).join(', ')}`)
  process.exit(2)
}

const outcomes: Outcome[] = []
for (const server of catalogue) {
  if (flags.only !== undefined && !flags.only.includes(server.name)) continue
  const outcome = await tryOut(server)
  outcomes.push(outcome)
  if (!flags.json) console.log(line(outcome))
}
if (flags.json) console.log(JSON.stringify({ servers: outcomes }, null, 2))
const good = outcomes.filter((outcome) => outcome.state === 'ok').length
const skipped = outcomes.filter((outcome) => outcome.state === 'skipped').length
const failed = outcomes.length - good - skipped
console.error(`${good} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0

async function tryOut(server: Server): Promise<Outcome> {
  const about = { name: server.name, package: `${server.package}@${server.version}`, expected: server.tools, seen: null, ms: null }
  try {
    const installed = await install(server, { build: flags.build })
    if ('skipped' in installed) return { ...about, state: 'skipped', note: installed.skipped }
    const { seen, inspected, found, ms } = await countTools(server, installed.main)
    const state = seen === server.tools && inspected === seen ? 'ok' : 'differs'
    const notes = [
      ...(inspected === seen ? [] : [`our client sees ${inspected}`]),
      ...(found.length > 0 ? [`found: ${found.join(', ')}`] : []),
      ...(server.needs === undefined ? [] : [`needs ${server.needs}`]),
    ]
    return { ...about, seen, ms, state, note: notes.join(' · ') }
  } catch (error) {
    return { ...about, state: 'failed', note: (error as Error).message }
  }
}

interface Counted {
  readonly seen: number
  readonly inspected: number
  readonly found: readonly string[]
  readonly ms: number
}

async function countTools(server: Server, main: string): Promise<Counted> {
  await using folder = await createTempDir('server')
  const fill = (value: string): string => value.replaceAll('{dir}', folder.path)
  // Some write into the home folder when they start; this one goes away.
  const env = { HOME: folder.path, ...Object.fromEntries(Object.entries(server.env).map(([name, value]) => [name, fill(value)])) }
  const entry = { command: process.execPath, args: [main, ...server.args.map(fill)], env, sandbox: granted({ write: [folder.path] }) }
  const config = { mcpServers: { [server.name]: entry } }

  const started = performance.now()
  await using guard = await startGuard({ config, readyMs: 60_000 })
  const key = await guard.key()
  const tools = await mcp(guard.url, { key }).list('tools')
  const ms = Math.round(performance.now() - started)
  await using client = new MCPClient({ serverUrl: guard.url, auth: { type: 'api_key', apiKey: key }, log: () => {} })
  const inspected = await client.inspectTools()
  const found = inspected.flatMap(({ tool, findings }) => findings.map(({ code }) => `${String(tool['name'])} ${code}`))
  return { seen: tools.length, inspected: inspected.length, found, ms }
}

function line({ name, expected, seen, ms, state, note }: Outcome): string {
  const colours = { ok: 'green', differs: 'red', failed: 'red', skipped: 'yellow' } as const
  const counts = `${seen ?? '–'}/${expected}`.padStart(7)
  const time = (ms === null ? '' : `${ms} ms`).padStart(9)
  return `${name.padEnd(20)} ${counts} ${time}  ${styleText(colours[state], state.padEnd(7), { stream: process.stdout })}  ${note}`
}
