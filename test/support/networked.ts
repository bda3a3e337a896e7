/** A program in a sandbox with a network, from its start to its end. @module */

import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../src/core/index.ts'
import { startChild } from '../../src/process/index.ts'
import { type Connection, createBubblewrap, openNetwork, type Program, serverLimits, toGrants } from '../../src/sandbox/index.ts'
import { createEgress, type EgressOptions } from '../../src/sandbox/network/proxy.ts'
import { createTempDir } from './paths.ts'

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly noted: readonly Connection[]
}

export interface Running
  extends Partial<Pick<Program, 'command' | 'args' | 'env' | 'code'>>,
    Pick<EgressOptions, 'lookup' | 'dangerouslyAllowPrivateHosts'> {
  /** A program for Node, as a module. */
  readonly script?: string
  readonly net: readonly string[]
  readonly stdin?: string
  readonly started?: (child: ReturnType<typeof startChild>) => void
}

export async function runNetworked({ script, net, stdin = '', started, ...over }: Running): Promise<Finished> {
  await using dir = await createTempDir()
  const file = join(dir.path, 'program.mjs')
  // Root's program is not root.
  await chmod(dir.path, 0o755)
  if (script !== undefined) await writeFile(file, script)
  const grants = toGrants({ net }, dir.path, serverLimits)
  const noted: Connection[] = []
  const { lookup, dangerouslyAllowPrivateHosts, ...changed } = over
  const network = await openNetwork(
    { name: 'test', allowed: grants.net, note: (connection) => noted.push(connection), log: silentLog },
    (options) => createEgress({ ...options, lookup, dangerouslyAllowPrivateHosts }),
  )
  try {
    const program: Program = {
      command: process.execPath,
      args: [file],
      cwd: '/',
      env: {},
      grants,
      code: script === undefined ? [] : [dir.path],
      forks: true,
      ...changed,
    }
    const confined = createBubblewrap().confine(network.into(program))
    const child = startChild(confined.command)
    confined.started(child)
    started?.(child)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (bytes: Buffer) => void (stdout += bytes.toString()))
    child.stderr.on('data', (bytes: Buffer) => void (stderr += bytes.toString()))
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    await network.close()
    return { code, signal, stdout, stderr, noted }
  } finally {
    await network.close()
  }
}
