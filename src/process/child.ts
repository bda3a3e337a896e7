/**
 * A guarded server's process: started without a shell, with no environment but what it needs, in a process group of its
 * own so that nothing it started outlives it.
 *
 * @module
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { isAbsolute, resolve } from 'node:path'

export interface Command {
  readonly command: string
  readonly args: readonly string[]
  /** Where it runs. */
  readonly cwd: string
  /** What the configuration names; added to the few variables that every program needs. */
  readonly env: Readonly<Record<string, string>>
  /** Whether what is named may be for us too: a key that a program gives a server of ours by name. */
  readonly mayNameOurs?: boolean
  /** Whether `env` is all of its environment. */
  readonly bare?: boolean
  /** Open files that it inherits, from descriptor 3 on; undefined is none. They stay open here too. */
  readonly files?: readonly (number | undefined)[]
  /** Folders with the program itself, where that is known: what a sandbox has to show it. */
  readonly code?: readonly string[]
}

const windows = process.platform === 'win32'

// Nothing else of ours is inherited: our own environment holds keys that are none of an upstream's business.
const INHERITED = windows
  ? [
      'PATH',
      'PATHEXT',
      'SYSTEMROOT',
      'SYSTEMDRIVE',
      'COMSPEC',
      'TEMP',
      'TMP',
      'HOMEDRIVE',
      'HOMEPATH',
      'USERPROFILE',
      'USERNAME',
      'APPDATA',
      'LOCALAPPDATA',
      'PROGRAMFILES',
    ]
  : ['PATH', 'HOME', 'LANG', 'TERM', 'TMPDIR', 'USER', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NO_PROXY']

function environmentOf({ env: named, mayNameOurs = false, bare = false }: Command, ours: NodeJS.ProcessEnv): Record<string, string> {
  if (bare) return { ...named }
  const env: Record<string, string> = {}
  for (const name of INHERITED) {
    const value = ours[name]
    if (value !== undefined) env[name] = value
  }
  for (const [name, value] of Object.entries(named)) if (mayNameOurs || !/^SALLYPORT_/i.test(name)) env[name] = value
  return env
}

/** Whatever way our own process exits, these do not outlive it: they lead groups that no signal of a terminal reaches. */
const running = new Set<ChildProcessWithoutNullStreams>()
function killAll(): void {
  for (const child of running) signalGroup(child, 'SIGKILL')
}

export function startChild(started: Command): ChildProcessWithoutNullStreams {
  const { command, args, cwd } = started
  // `./server` means beside `cwd`, wherever we were started; a bare name is looked up in PATH.
  const file = /[\\/]/.test(command) && !isAbsolute(command) ? resolve(cwd, command) : command
  const child = spawn(file, args, {
    cwd,
    env: environmentOf(started, process.env),
    stdio: ['pipe', 'pipe', 'pipe', ...(started.files ?? []).map((file) => file ?? 'ignore')],
    shell: false,
    detached: !windows,
    windowsHide: true,
  }) as ChildProcessWithoutNullStreams
  // It was not started, as its `error` will say.
  if (child.pid === undefined) return child
  if (running.size === 0) process.on('exit', killAll)
  running.add(child)
  child.once('exit', () => {
    running.delete(child)
    if (running.size === 0) process.off('exit', killAll)
  })
  return child
}

/** Signals the whole group: `npx` and the like leave the actual server as a grandchild. */
export function signalGroup(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (windows) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // ESRCH: all of it is gone already.
  }
}

const GRACE_MS = 2000

/**
 * Closes stdin, which every tested server takes as its end; then asks with SIGTERM; then SIGKILL. Resolves when the
 * child has exited, and takes what it left behind in its group with it. `terminate`: how it is asked.
 */
export function stopChild(
  child: ChildProcessWithoutNullStreams,
  terminate: () => void = () => signalGroup(child, 'SIGTERM'),
): Promise<void> {
  return new Promise((done) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      signalGroup(child, 'SIGKILL')
      return done()
    }
    const term = setTimeout(terminate, GRACE_MS)
    const kill = setTimeout(() => signalGroup(child, 'SIGKILL'), 2 * GRACE_MS)
    child.once('exit', () => {
      clearTimeout(term)
      clearTimeout(kill)
      signalGroup(child, 'SIGKILL')
      done()
    })
    child.stdin.end()
  })
}
