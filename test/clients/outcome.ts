// What `npm run clients` and `npm run clients:hosts` have in common: each client by its name, one line for each, and the plain last line.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { progress } from '../../scripts/progress.mjs'
import { ROOT } from '../support/index.ts'

export interface RealClient<World> {
  readonly name: string
  /** Of the registry. */
  readonly package: string
  /** The folder of the manifest that names its version, and where it is installed. */
  readonly folder: string
  /** Does everything, and says what was seen. @throws where the client did not do it. */
  use(world: World): Promise<string>
}

export interface Outcome {
  readonly name: string
  readonly package: string
  readonly state: 'ok' | 'failed'
  readonly seconds: number
  readonly note: string
}

const { values: flags } = parseArgs({
  options: { only: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
})

export async function tryAll<World>(
  clients: readonly RealClient<World>[],
  open: (name: string) => Promise<World & AsyncDisposable>,
): Promise<void> {
  const unknown = flags.only?.find((name) => !clients.some((client) => client.name === name))
  if (unknown !== undefined) {
    console.error(`error: there is no client ${unknown}\nfix: choose from ${clients.map(({ name }) => name).join(', ')}`)
    process.exitCode = 2
    return
  }
  const outcomes: Outcome[] = []
  for (const client of clients) {
    if (flags.only !== undefined && !flags.only.includes(client.name)) continue
    const outcome = await tryOut(client, open)
    outcomes.push(outcome)
    if (!flags.json) console.log(line(outcome))
  }
  const failed = outcomes.filter(({ state }) => state === 'failed').length
  if (flags.json) console.log(JSON.stringify({ clients: outcomes, passed: outcomes.length - failed, failed }, null, 2))
  else console.log(`${outcomes.length - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}

async function tryOut<World>(client: RealClient<World>, open: (name: string) => Promise<World & AsyncDisposable>): Promise<Outcome> {
  const started = performance.now()
  const end = (state: Outcome['state'], note: string, version: string): Outcome => ({
    name: client.name,
    package: `${client.package}@${version}`,
    state,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    note,
  })
  const wanted = wantedVersion(client)
  const installed = versionIn(placesOf(client))
  if (installed === undefined) return end('failed', 'not installed: the registry did not give it', wanted)
  if (installed !== wanted) return end('failed', `${installed} is installed: delete ${client.folder}/node_modules`, wanted)
  const shown = progress(client.name)
  try {
    await using world = await open(client.name)
    return end('ok', await client.use(world), wanted)
  } catch (error) {
    return end('failed', (error as Error).message, wanted)
  } finally {
    shown.end()
  }
}

const manifestOf = (folder: string): Record<string, Record<string, string> | string> =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

function wantedVersion({ folder, package: name }: Pick<RealClient<unknown>, 'folder' | 'package'>): string {
  const { dependencies, optionalDependencies } = manifestOf(join(ROOT, folder))
  const version = { ...(dependencies as object), ...(optionalDependencies as object) }[name as keyof object] as string | undefined
  if (version === undefined) throw new Error(`${folder}/package.json does not name ${name}`)
  return version
}

const placesOf = ({ folder, package: name }: Pick<RealClient<unknown>, 'folder' | 'package'>): string[] =>
  [join(ROOT, folder), ROOT].map((place) => join(place, 'node_modules', ...name.split('/')))

function versionIn(places: readonly string[]): string | undefined {
  const place = places.find((one) => existsSync(join(one, 'package.json')))
  return place === undefined ? undefined : (manifestOf(place)['version'] as string)
}

function line({ name, package: what, state, seconds, note }: Outcome): string {
  const mark = state === 'ok' ? styleText('green', '✓', { stream: process.stdout }) : styleText('red', '✗', { stream: process.stdout })
  const shown = state === 'ok' ? note : note.split('\n').slice(0, 30).join('\n    ')
  return `${mark} ${name.padEnd(12)} ${what.padEnd(38)} ${seconds.toFixed(1).padStart(5)} s  ${shown}`
}
