/**
 * `sallyport guard`: puts the guarded endpoint in front of a server, says how to connect, and stays until it is told to stop. The
 * first ^C or SIGTERM, also while upstreams are still being waited for, ends what runs and then the children; a second one ends
 * everything at once.
 *
 * @module
 */

import { ConfigError, createLog, createRedactor } from '../../core/index.ts'
import { type Classification, type Config, createGuard, type Guard, loadConfig, secretsAskedBy } from '../../gateway/index.ts'
import { ownerOfPort } from '../checks/port-owner.ts'
import { exitCodes } from '../codes.ts'
import type { WithData } from '../common.ts'
import { CliError } from '../errors.ts'
import { banner } from '../guard-banner.ts'
import { createLaunchQuestions } from '../launch-questions.ts'
import { createLiveLines } from '../live-lines.ts'
import { createOutput, type Output } from '../output.ts'
import { parsePort } from '../ports.ts'
import { readSandboxFlags, type SandboxFlags } from '../sandbox-flags.ts'
import { sandboxesOf } from '../sandbox-lines.ts'
import { shown, shownShort } from '../shown.ts'
import { createStop } from '../stop.ts'
import { parseTarget } from '../target.ts'
import { version } from '../version.ts'

export interface GuardFlags extends WithData, SandboxFlags {
  readonly port?: string
  readonly stdio?: boolean
  readonly config?: string
  readonly classify?: 'annotations'
  readonly accept?: boolean
  readonly readyJson?: boolean
}

export async function guard(words: readonly string[], dashes: boolean, flags: GuardFlags): Promise<void> {
  const { stdio = false, classify, json = false, readyJson = false } = flags
  if (stdio && (json || readyJson))
    throw new CliError('E-USAGE', '--stdio leaves stdout to the protocol', 'leave out --json and --ready-json')
  const target = parseTarget(words, dashes)
  const { demanded, grants } = readSandboxFlags(flags, target !== undefined && 'command' in target)
  const config = loadConfig({
    file: flags.config,
    cwd: process.cwd(),
    env: process.env,
    flags: { port: parsePort(flags.port), dataDir: flags.dataDir, sandbox: demanded },
    target: target && 'command' in target ? { ...target, sandbox: grants } : target,
  })
  if (config.servers.length === 0)
    throw new CliError('E-USAGE', 'there is nothing to guard', 'name a URL, or a command after `--`, or servers in sallyport.yaml')

  // With --stdio stdout is the protocol's.
  const output = createOutput(json || readyJson, stdio ? { stdout: process.stderr, stderr: process.stderr } : process)
  for (const warning of config.warnings) output.note(`! ${shown(warning)}`)
  const redactor = createRedactor()
  const pretty = Boolean(process.stderr.isTTY)
  const log = createLog({ level: config.log, pretty, redactor, write: (line) => void process.stderr.write(line) })

  const stopping = createStop()
  const guard = await createGuard({
    config,
    stdio,
    classify: classify === 'annotations',
    accept: flags.accept ?? false,
    ask: stdio || json || readyJson ? undefined : createLaunchQuestions(),
    version: version(),
    log,
    redactor,
    // A person looks at a terminal; a program reads the record.
    ...(pretty && !stdio && !readyJson && !json ? { onRecord: createLiveLines(output, Date.now) } : {}),
  }).catch((error: unknown) => {
    throw explained(error)
  })
  const ended = Promise.race([stopping, guard.done.then(() => exitCodes.ok)])
  const waiting = setInterval(() => output.note(`… waiting for ${config.servers.map(({ id }) => id).join(', ')}`), 5000)
  try {
    const accepted = await Promise.race([guard.ready, ended.then(() => undefined)]).finally(() => clearInterval(waiting))
    if (accepted) await announce(config, guard, accepted, { stdio, readyJson }, output)
    const code = await ended
    log('info', 'stopping')
    process.exitCode = code
  } finally {
    await guard.close()
  }
  // A child's pipe or a keep-alive socket must not hold the process once everything is closed and recorded.
  process.exit()
}

/** A command that cannot be started is a mistake to be told; a URL may answer later, and so may what waits for a person's own secret. */
function requireUpstream({ servers }: Config, guard: Guard): void {
  const status = guard.status()
  if (status.some(({ state }) => state === 'ready') || servers.some((server) => 'url' in server.target || isEachPersons(server))) return
  const why = status.map(({ server, error }) => `${server}: ${shown(error ?? 'it did not answer')}`).join('; ')
  throw new CliError(
    'E-UPSTREAM',
    why,
    status.some(({ sandbox }) => sandbox && sandbox.depth !== 'none')
      ? 'run the command by itself and see what it says. In its sandbox it has only what it was granted: --allow-read, --allow-write, --allow-net, --allow-env, or the block "sandbox" in sallyport.yaml'
      : 'run the command by itself and see what it says. It gets little of your environment: name what it needs (HTTPS_PROXY, an API key) under env in sallyport.yaml',
  )
}

const isEachPersons = (server: Config['servers'][number]): boolean => secretsAskedBy(server).some(({ of }) => of === 'person')

async function announce(
  config: Config,
  guard: Guard,
  accepted: readonly Classification[],
  { stdio, readyJson }: { readonly stdio: boolean; readonly readyJson: boolean },
  output: Output,
): Promise<void> {
  requireUpstream(config, guard)
  const { url, issuer } = guard
  const link = await guard.setupLink()
  if (output.json) {
    if (link !== undefined) output.note(`Make the owner's account (once, within 10 minutes): ${link}`)
    // Last: whoever waits for this line may use everything that was said before it.
    // `--ready-json` is for whoever started this and knows the rest.
    output.object({ url, issuer, ...(readyJson ? {} : { sandboxes: sandboxesOf(guard.status()) }) })
  } else for (const line of banner(config, guard, accepted, link, stdio, output)) output.line(line)
}

function explained(error: unknown): unknown {
  const [, text] = (error instanceof ConfigError && /^listen: port (\d+) cannot be used/.exec(error.problems[0] ?? '')) || []
  if (text === undefined) return error
  const owner = ownerOfPort(Number(text))
  const who = owner ? `process ${owner.pid} (${shownShort(owner.command)})` : 'another process'
  return new CliError(
    'E-PORT',
    `port ${text} is in use by ${who}${owner ? '' : ', or not yours to use'}`,
    'choose another with --port (npm start -- --port 7778), or 0 for any that is free',
  )
}
