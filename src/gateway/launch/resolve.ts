/**
 * What a package comes to today: the registry is asked, through npm, for its version and for all that it depends on, and nothing is
 * installed yet. What is found can be shown to a person, and pinned.
 *
 * Fails closed: what the registry has no SHA-512 hash of, or what comes from somewhere else, is not found.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeProblems } from '../../core/index.ts'
import { NOT_OF_REGISTRY, type Npm, NpmProblem } from './npm.ts'
import { showWanted, type Wanted } from './package-spec.ts'
import { type Pin, pinEntryKeys, pinTreeSchema } from './pin.ts'

export type Found = Pick<Pin, 'name' | 'version' | 'tree'>

/** @throws {NpmProblem} */
export async function resolvePackage(npm: Npm, wanted: Wanted, packagesDir: string): Promise<Found> {
  return inFolder(packagesDir, async (folder) => {
    await npm.run(
      ['install', '--package-lock-only', '--omit-lockfile-registry-resolved', '--save-exact', '--save-prod', '--', showWanted(wanted)],
      folder,
    )
    return toFound(wanted, JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')))
  })
}

/** A project of its own: in any other folder npm goes upwards, and does as the `.npmrc` says that it finds there. */
async function inFolder<T>(packagesDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(packagesDir, { recursive: true, mode: 0o700 })
  const folder = mkdtempSync(join(packagesDir, '.look-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function toFound(wanted: Wanted, lock: { readonly packages?: Record<string, Record<string, unknown>> }): Found {
  const { name } = wanted
  const tree: Record<string, unknown> = {}
  for (const [place, said] of Object.entries(lock.packages ?? {})) {
    if (place === '') continue
    // Where it comes from is said only of what is not the registry's.
    if (said['resolved'] !== undefined || said['link'] !== undefined) throw new NpmProblem('ESOURCE', NOT_OF_REGISTRY)
    tree[place] = Object.fromEntries(pinEntryKeys.flatMap((key) => (said[key] === undefined ? [] : [[key, said[key]]])))
  }
  const parsed = pinTreeSchema.safeParse(tree)
  if (!parsed.success) {
    const [first] = describeProblems(parsed.error.issues, pinTreeSchema)
    throw new NpmProblem('EHASH', `it cannot be pinned: what the registry says of it ${first?.text ?? 'is not understood'}`)
  }
  const version = parsed.data[`node_modules/${name}`]?.version
  if (version === undefined || (wanted.isExact && version !== wanted.selector))
    throw new NpmProblem('ETARGET', 'the registry has no such package or version')
  return { name, version, tree: parsed.data }
}

/** When the registry says that it was published: ISO 8601. Undefined where it does not say. */
export async function publishedAt(npm: Npm, { name, version }: Found, packagesDir: string): Promise<string | undefined> {
  try {
    const said = await inFolder(packagesDir, (folder) => npm.run(['view', '--json', '--', `${name}@${version}`, 'time'], folder))
    const times = JSON.parse(said) as Record<string, unknown>
    const at = times[version]
    return typeof at === 'string' && Number.isFinite(Date.parse(at)) ? new Date(at).toISOString() : undefined
  } catch (error) {
    if (error instanceof NpmProblem || error instanceof SyntaxError) return undefined
    throw error
  }
}
