// The real servers that the guard is tried on: read from catalogue.json, installed where they are not there yet, and turned into a
// command. Each is installed at its exact version into a folder of its own, without running any of its install scripts.

import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ROOT, run } from '../support/index.ts'

const entry = z.strictObject({
  name: z.string(),
  package: z.string(),
  version: z.string(),
  /** `{dir}` stands for an empty folder that the server may use. */
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  /** How many tools it lists to a client that can be asked for completions and forms, and has no roots. */
  tools: z.number().int(),
  /** What it needs to do more than list. */
  needs: z.string().optional(),
  /** The dependency whose install script compiles a native module, without which it does not start. */
  native: z.string().optional(),
})

export type Server = z.infer<typeof entry>

export async function loadCatalogue(): Promise<Server[]> {
  return z.array(entry).parse(JSON.parse(await readFile(join(ROOT, 'test', 'servers', 'catalogue.json'), 'utf8')))
}

export type Installed = { readonly main: string } | { readonly skipped: string }

/**
 * The program to start, installed first where need be. Without a network it is skipped, and says so; so is a server that
 * needs a native module, unless `build` allows the one install script that compiles it.
 */
export async function install(server: Server, options: { build: boolean }): Promise<Installed> {
  const own = join(ROOT, 'node_modules')
  if ((await readManifest(own, server))?.version === server.version) return { main: await findMain(own, server) }

  const folder = join(ROOT, '.cache', 'servers', `${server.name}@${server.version}`)
  const modules = join(folder, 'node_modules')
  const done = join(folder, '.installed')
  if (!existsSync(done)) {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }))
    const target = `${server.package}@${server.version}`
    console.error(`installing ${target} …`)
    const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--no-package-lock', target]
    const { code, stderr } = await run('npm', args, { cwd: folder, timeoutMs: 240_000 })
    if (code !== 0) {
      const offline = /E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|CONNRESET|HOSTUNREACH|NETUNREACH)/.exec(stderr)
      if (offline !== null) return { skipped: `not installed: no network (${offline[0]})` }
      throw new Error(`npm install ${target} ended with ${code}: ${stderr.slice(-400)}`)
    }
    await writeFile(done, '')
  }
  const built = join(folder, '.built')
  if (server.native !== undefined && !existsSync(built)) {
    if (!options.build) return { skipped: `its native module ${server.native} is not built (--build compiles it)` }
    console.error(`compiling ${server.native} …`)
    const { code, stderr } = await run('npm', ['rebuild', '--prefix', folder, server.native], { cwd: folder, timeoutMs: 600_000 })
    if (code !== 0) throw new Error(`npm rebuild ${server.native} ended with ${code}: ${stderr.slice(-400)}`)
    await writeFile(built, '')
  }
  return { main: await findMain(modules, server) }
}

interface Manifest {
  readonly version: string
  readonly bin?: string | Record<string, string>
}

async function readManifest(modules: string, server: Server): Promise<Manifest | undefined> {
  const file = join(modules, ...server.package.split('/'), 'package.json')
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Manifest) : undefined
}

/** Its command, or the first of them: the packages here that have several name the server first. */
async function findMain(modules: string, server: Server): Promise<string> {
  const bin = (await readManifest(modules, server))?.bin
  const file = typeof bin === 'string' ? bin : Object.values(bin ?? {})[0]
  if (file === undefined) throw new Error(`${server.package} has no command`)
  return join(modules, ...server.package.split('/'), file)
}
