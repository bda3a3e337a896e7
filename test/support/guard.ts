// A real `sallyport guard` for end-to-end tests: its own process, data folder and working folder, on any free port of loopback.
// Keys, users and everything else go through the command line of the same build, as an operator would do it.
//
// SALLYPORT_BIN names another build to test, such as the one unpacked from a tarball.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Finished, firstLine, run, start, stop } from './child.ts'
import { createTempDir, ROOT, withBin } from './paths.ts'

export const SALLYPORT: string = process.env['SALLYPORT_BIN'] ?? join(ROOT, 'bin', 'sallyport.js')
export const ALL_SCOPES: readonly string[] = ['tools:read', 'tools:execute', 'prompts:read', 'resources:read']

export interface GuardOptions {
  /** Further flags and what is guarded: `[url]` or `['--', node, 'server.js']`. Paths must be absolute. */
  readonly args?: readonly string[]
  /** The text of a `sallyport.yaml`, or its value: YAML is a superset of JSON. */
  readonly config?: string | object
  readonly env?: Record<string, string | undefined>
  /** Keeps the state of an earlier guard, for tests of restarts; the caller removes it. */
  readonly dataDir?: string
  readonly port?: number
  readonly readyMs?: number
}

export interface Guard extends AsyncDisposable {
  readonly url: string
  readonly issuer: string
  readonly dataDir: string
  readonly pid: number
  /** Everything it has logged so far. */
  log(): string
  /** A new API key, all standard scopes unless some are named. */
  key(scopes?: readonly string[], roles?: readonly string[]): Promise<string>
  user(name: string, password: string, roles?: readonly string[]): Promise<void>
  /** `sallyport ARGS --data-dir DIR` on the state of this guard. */
  cli(...args: string[]): Promise<Finished>
  stop(): Promise<void>
}

export async function startGuard(options: GuardOptions = {}): Promise<Guard> {
  const folder = await createTempDir('guard')
  const dataDir = options.dataDir ?? join(folder.path, 'data')
  const flags = ['--port', String(options.port ?? 0), '--ready-json', '--data-dir', dataDir]
  if (options.config !== undefined) {
    const file = join(folder.path, 'sallyport.yaml')
    await writeFile(file, typeof options.config === 'string' ? options.config : JSON.stringify(options.config))
    flags.push('--config', file)
  }
  const child = start(process.execPath, [SALLYPORT, 'guard', ...flags, ...(options.args ?? [])], {
    cwd: folder.path,
    env: withBin(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })

  const cli = (input: string, ...args: string[]): Promise<Finished> =>
    run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir], {
      cwd: folder.path,
      input,
      ...(options.env && { env: options.env }),
    })
  const succeed = async (input: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await cli(input, ...args)
    if (code !== 0) throw new Error(`sallyport ${args[0]} ${args[1]} ended with ${code}: ${stderr}${stdout}`)
    return stdout
  }
  const end = async (): Promise<void> => {
    await stop(child.process)
    await folder.remove()
  }

  let ready: { url: string; issuer: string }
  try {
    ready = JSON.parse(await firstLine(child, options.readyMs ?? 60_000))
  } catch (error) {
    await end()
    throw error
  }
  let keys = 0
  return {
    url: ready.url,
    issuer: ready.issuer,
    dataDir,
    pid: child.process.pid ?? 0,
    log: child.stderr,
    async key(scopes = ALL_SCOPES, roles = []) {
      keys += 1
      const repeated = [...scopes.flatMap((scope) => ['--scope', scope]), ...roles.flatMap((role) => ['--role', role])]
      const created = JSON.parse(await succeed('', 'key', 'create', '--name', `test-${keys}`, ...repeated, '--json')) as { key: string }
      return created.key
    },
    async user(name, password, roles = []) {
      await succeed(`${password}\n`, 'user', 'add', name, '--password-stdin', ...roles.flatMap((role) => ['--role', role]), '--json')
    },
    cli: (...args) => cli('', ...args),
    stop: end,
    [Symbol.asyncDispose]: end,
  }
}
