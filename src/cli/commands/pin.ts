/**
 * `sallyport pin`: what `sallyport.lock` says may be started. A person at a terminal is asked before anything is accepted; without one,
 * the command is the word of whoever typed it.
 *
 * @module
 */

import { createLog, createRedactor, systemClock } from '../../core/index.ts'
import {
  type Config,
  createPins,
  isLaunchProblem,
  loadConfig,
  lockFileOf,
  openLockFile,
  type Pins,
  packagesDirOf,
  type ServerPin,
  toAccept,
} from '../../gateway/index.ts'
import { resolveDataDir } from '../../vault/index.ts'
import { createAsker } from '../calling/asking.ts'
import type { WithData } from '../common.ts'
import { CliError } from '../errors.ts'
import { agreedTo, packageLines } from '../launch-questions.ts'
import { createOutput, type Output, table } from '../output.ts'
import { shown, shownChange, shownShort } from '../shown.ts'
import { counted, dateOf } from '../values.ts'

export interface PinFlags extends WithData {
  readonly config?: string
  readonly yes?: boolean
}

interface Opened {
  readonly pins: Pins
  readonly config: Config
  readonly lockFile: string
  readonly output: Output
}

function open({ config: file, dataDir, json = false }: PinFlags): Opened {
  const config = loadConfig({ file, cwd: process.cwd(), env: process.env, flags: { dataDir } })
  const dir = resolveDataDir(config.dataDir)
  const lockFile = lockFileOf(config, dir)
  const redactor = createRedactor()
  const pins = createPins({
    lock: openLockFile(lockFile, { beside: config.file }),
    packagesDir: packagesDirOf(dir),
    written: new Map(config.servers.flatMap(({ id, written }) => (written ? [[id, written]] : []))),
    log: createLog({ level: 'info', pretty: true, redactor, write: (line) => void process.stderr.write(line) }),
    clock: systemClock,
    signal: new AbortController().signal,
  })
  return { pins, config, lockFile, output: createOutput(json) }
}

export function listPins(flags: PinFlags): void {
  const { pins, config, lockFile, output } = open(flags)
  const all = pins.list()
  output.object({ lockFile, servers: all })
  if (all.length === 0) return output.line(`Nothing is pinned in ${shown(lockFile)}.`)
  for (const row of table(
    [['server', 'asks for', 'runs', 'brings along', 'installed', 'accepted'], ...all.map(rowOf)],
    process.stdout.columns,
  ))
    output.line(row)
  const note = (text: string): void => output.line(`${output.paint('yellow', '!')} ${text}`)
  for (const { server, launch } of all)
    if (launch?.changed) note(`${server}: changed since: ${launch.changed.map(shownShort).join(', ')} (${toAccept(server, config.named)})`)
  const isKnown = all.some(({ launch }) => launch)
  for (const { server, isNew } of all)
    if (isNew) note(`${server}: not accepted yet${isKnown ? ` (${toAccept(server, config.named)})` : ': the first start accepts it'}`)
}

function rowOf({ server, url, launch, isNew, package: pinned }: ServerPin): string[] {
  const accepted = isNew ? 'not yet' : dateOf(Date.parse(pinned?.accepted ?? launch?.accepted ?? ''))
  if (!pinned) return [server, url === undefined ? 'its own command' : 'its URL', '', '', '', accepted]
  return [
    server,
    shownShort(pinned.wants),
    shownShort(pinned.package),
    counted(pinned.dependencies, 'package'),
    pinned.installed ? 'yes' : 'not here',
    accepted,
  ]
}

export async function updatePin(server: string, flags: PinFlags): Promise<void> {
  const { pins, output } = open(flags)
  const update = (await explained(pins.look(server))) ?? noPackage(server)
  const { was, is, published, isSame } = update
  if (isSame) output.line(`${output.paint('green', '✓')} ${server}: ${shownShort(was.package)} is what there is`)
  else {
    for (const line of [`${shownShort(was.package)} becomes:`, ...packageLines(is, published)]) output.note(line)
    await agree('Pin that, and run it from the next start on?', flags)
    update.take()
    output.line(`${output.paint('green', '✓')} ${server}: ${shownShort(is.package)} is pinned, and is installed when it is started`)
  }
  output.object({ server, was, is, published, updated: !isSame })
}

export async function installPins(server: string | undefined, flags: PinFlags): Promise<void> {
  const { pins, output } = open(flags)
  const names = server === undefined ? pins.list().flatMap((one) => (one.package ? [one.server] : [])) : [server]
  const installed: { server: string; folder: string }[] = []
  for (const name of names) {
    const folder = (await explained(pins.install(name))) ?? noPackage(name)
    installed.push({ server: name, folder })
    output.line(`${output.paint('green', '✓')} ${name}: installed as it is pinned`)
  }
  output.object({ installed })
}

export async function acceptPin(server: string, flags: PinFlags): Promise<void> {
  const { pins, config, output } = open(flags)
  const written = config.servers.find(({ id }) => id === server)?.written
  if (!written)
    throw new CliError(
      'E-NOT-FOUND',
      `the configuration has no server called ${shownShort(server)}`,
      'see its servers, or name another file with --config',
    )
  const change = pins.changeOf(server)
  if (change) {
    for (const line of change.diff.split('\n')) output.note(shownChange(line))
    await agree(agreedTo(shownShort(server), 'url' in written), flags)
  }
  pins.accept(server)
  output.object({ server, changed: change?.places ?? [] })
  output.line(`${output.paint('green', '✓')} ${server}: accepted as it is configured now`)
}

export function removePin(server: string, flags: PinFlags): void {
  const { pins, output } = open(flags)
  if (!pins.remove(server)) throw new CliError('E-NOT-FOUND', `nothing is pinned for ${shownShort(server)}`, 'see: sallyport pin list')
  output.object({ server, removed: true })
  const isKnown = pins.list().some(({ launch }) => launch)
  const next = isKnown ? 'before its next start it is asked about, as one that is new' : 'its next start is like its first'
  output.line(`${output.paint('green', '✓')} ${server}: forgotten; ${next}`)
}

/** Nobody there: the command itself was the word. */
async function agree(question: string, { yes = false }: PinFlags): Promise<void> {
  const asker = yes ? undefined : createAsker({ signal: new AbortController().signal, interrupt: () => process.exit(130) })
  if (asker && !(await asker.confirm(question)))
    throw new CliError('E-DECLINED', 'nothing was changed', 'run it again and agree, or with --yes')
}

const noPackage = (server: string): never => {
  throw new CliError('E-NOT-FOUND', `no package is pinned for ${shownShort(server)}`, 'see: sallyport pin list')
}

async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isLaunchProblem(error)) throw new CliError('E-UPSTREAM', error.message, 'see docs/packages.md')
    throw error
  }
}
