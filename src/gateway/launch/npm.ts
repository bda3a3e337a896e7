/**
 * The machine's own npm, which knows the registry and how to sign in there. It runs no script of any package, and is handed nothing of
 * ours: only what npm itself reads.
 *
 * Fails with a sentence for each thing that goes wrong often, and npm's own code for the rest: what npm prints may hold anything.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { type Command, signalGroup, startChild } from '../../process/index.ts'

export interface Npm {
  /** Answers its stdout. @throws {NpmProblem} */
  run(args: readonly string[], folder: string): Promise<string>
}

/** A sentence that goes on after "it could not be …: ". */
export class NpmProblem extends Error {
  override readonly name = 'NpmProblem'
  /** npm's own: EINTEGRITY, E404, … */
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export interface NpmOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

export const NOT_OF_REGISTRY = 'it depends on something that is not from the registry, which cannot be pinned'
const WITHIN_MS = 10 * 60_000
const MAX_OUTPUT = 32 * 1024 * 1024
const QUIET = [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--loglevel=error',
  '--workspaces=false',
  '--global=false',
  // Only what the registry has: a repository's own .npmrc says what npm starts as git, while npm merely looks at what there is in it.
  '--allow-git=none',
  '--allow-file=none',
  '--allow-directory=none',
  // For an npm that does not know these: a program that fails.
  '--git=false',
]
const PASSED_ON =
  /^(?:PATH|HOME|LANG|TERM|TMPDIR|USER|USERPROFILE|APPDATA|LOCALAPPDATA|SYSTEMROOT|COMSPEC|PATHEXT|TEMP|TMP|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(?:HTTPS?|ALL|NO)_PROXY|NPM_TOKEN|NODE_AUTH_TOKEN|npm_config_\w+)$/i
/** What npm told the program that it runs about itself: where that is would become where this works. */
const OF_ANOTHER_RUN =
  /^npm_config_(?:local_prefix|prefix|global|workspace|workspaces|package_lock|package_lock_only|dry_run|omit|include|only|production|ignore_scripts|save.*|json)$/i

export function createNpm({ env, signal }: NpmOptions): Npm {
  return {
    async run([command = '', ...args], folder) {
      signal.throwIfAborted()
      const child = startChild({ ...npmCommand([command, ...QUIET, ...args]), cwd: folder, env: environmentOf(env), bare: true })
      const said = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          said[name] += text.slice(0, Math.max(0, MAX_OUTPUT - said[name].length))
        })
      child.stdin.on('error', () => {})
      child.stdin.end()
      const end = (): void => signalGroup(child, 'SIGKILL')
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        end()
      }, WITHIN_MS)
      signal.addEventListener('abort', end, { once: true })
      try {
        const code = await new Promise<number | NodeJS.ErrnoException | null>((resolve) => {
          child.once('error', resolve)
          child.once('close', resolve)
        })
        signal.throwIfAborted()
        if (code === 0) return said.stdout
        if (code instanceof Error)
          throw new NpmProblem('ENOENT', 'npm is needed for that and was not found: install it beside Node, or put it in PATH')
        if (isLate) throw new NpmProblem('ETIMEDOUT', 'npm took longer than ten minutes')
        throw problemOf(/npm (?:error|ERR!) code (\S{1,40})/.exec(said.stderr)?.[1] ?? `exit ${code}`)
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
      }
    },
  }
}

function problemOf(code: string): NpmProblem {
  const plain = code.replace(/[^\w -]/g, '')
  return new NpmProblem(plain, sentenceFor(plain))
}

function sentenceFor(code: string): string {
  switch (code) {
    case 'EINTEGRITY':
      return 'its bytes at the registry are not those that were pinned. Nothing was installed'
    case 'E404':
    case 'ETARGET':
    case 'ENOVERSIONS':
      return 'the registry has no such package or version'
    case 'E401':
    case 'E403':
    case 'ENEEDAUTH':
      return 'the registry does not hand it out: sign in there with npm, and try again'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ETIMEDOUT':
    case 'ERR_SOCKET_TIMEOUT':
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENOTCACHED':
      return 'the registry cannot be reached'
    case 'EALLOWGIT':
    case 'EALLOWFILE':
    case 'EALLOWDIRECTORY':
      return NOT_OF_REGISTRY
    case 'ENOSPC':
      return 'the disk is full'
    case 'EUSAGE':
      return 'what is pinned of it does not fit together, and nothing was installed'
    default:
      return `npm failed (${code})`
  }
}

/** `npm` of PATH; on Windows, where that is a shell script, its program beside Node. */
function npmCommand(args: readonly string[]): Pick<Command, 'command' | 'args'> {
  if (process.platform !== 'win32') return { command: 'npm', args }
  const program = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')
  return existsSync(program) ? { command: process.execPath, args: [program, ...args] } : { command: 'npm', args }
}

function environmentOf(env: NpmOptions['env']): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && PASSED_ON.test(name) && !OF_ANOTHER_RUN.test(name))
      passed[name] = /^PATH$/i.test(name) ? withoutPackages(value) : value
  return passed
}

/** Where we were started by npm, programs of packages come first: one that is called `npm`, `node` or `git` would run in its place. */
const withoutPackages = (path: string): string =>
  path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !/[\\/]node_modules[\\/]\.bin[\\/]?$/.test(folder))
    .join(delimiter)
