/**
 * A package as it is pinned in `sallyport.lock`: itself and everything that it depends on, each with its exact version and the hash of
 * its archive, and what its installed files come to on each platform. It is enough to get the same anywhere.
 *
 * Checked strictly: what npm is given of it decides what it fetches.
 *
 * @module
 */

import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../core/index.ts'
import { canonicalJson } from '../../protocol/index.ts'
import { isExactVersion, isPackageName } from './package-spec.ts'

const version = z.string().refine(isExactVersion, 'must be an exact version')
const packageName = z.string().refine(isPackageName, 'must be the name of a package')
/** Subresource Integrity (W3C) with SHA-512. What a registry has no such hash of is not pinned. */
const integrity = z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/)
const needs = z.record(packageName, z.string().max(1024))
const platforms = z.array(z.string().max(64)).max(64)
const PLACE = /^node_modules\/(?:@[^/]+\/)?[^/@]+(?:\/node_modules\/(?:@[^/]+\/)?[^/@]+)*$/

/** One package in the tree. What npm says of it beyond this changes nothing of what is installed. */
export interface PinEntry {
  /** Where it is installed under another name. */
  readonly name?: string | undefined
  readonly version: string
  readonly integrity?: string | undefined
  readonly dependencies?: Needs | undefined
  readonly optionalDependencies?: Needs | undefined
  readonly peerDependencies?: Needs | undefined
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean | undefined }>> | undefined
  readonly bin?: Readonly<Record<string, string>> | undefined
  readonly os?: readonly string[] | undefined
  readonly cpu?: readonly string[] | undefined
  readonly libc?: readonly string[] | undefined
  readonly optional?: true | undefined
  readonly peer?: true | undefined
  readonly devOptional?: true | undefined
  readonly hasInstallScript?: true | undefined
  readonly bundleDependencies?: readonly string[] | undefined
  /** It came in another package's archive, whose hash is its own. */
  readonly inBundle?: true | undefined
}
type Needs = Readonly<Record<string, string>>

const shape: { readonly [Key in keyof PinEntry]-?: z.ZodType<PinEntry[Key]> } = {
  name: packageName.optional(),
  version,
  integrity: integrity.optional(),
  dependencies: needs.optional(),
  optionalDependencies: needs.optional(),
  peerDependencies: needs.optional(),
  peerDependenciesMeta: z.record(packageName, z.strictObject({ optional: z.boolean().optional() })).optional(),
  bin: z.record(z.string().max(256), z.string().max(1024)).optional(),
  os: platforms.optional(),
  cpu: platforms.optional(),
  libc: platforms.optional(),
  optional: z.literal(true).optional(),
  peer: z.literal(true).optional(),
  devOptional: z.literal(true).optional(),
  hasInstallScript: z.literal(true).optional(),
  bundleDependencies: z.array(z.string().max(256)).optional(),
  inBundle: z.literal(true).optional(),
}
export const pinEntryKeys: readonly string[] = Object.keys(shape)
const entry: z.ZodType<PinEntry> = z.strictObject(shape)

/** Of `node_modules/…` in the folder where it is installed. */
export const pinTreeSchema: z.ZodType<Record<string, PinEntry>> = z
  .record(z.string().max(1024).regex(PLACE), entry)
  .refine((tree) => Object.keys(tree).length <= 5000, 'has too many packages')
  .refine((tree) => Object.values(tree).every((one) => one.integrity !== undefined || one.inBundle), 'has a package without a SHA-512 hash')

/** As it is written down, under `name@version`. */
export interface PinContent {
  /** ISO 8601. */
  readonly accepted: string
  /** By platform: what the installed files come to. */
  readonly installed: Readonly<Record<string, string>>
  readonly tree: Readonly<Record<string, PinEntry>>
}
export const pinSchema: z.ZodType<PinContent> = z.strictObject({
  accepted: z.string(),
  installed: z.record(z.string().max(64), integrity),
  tree: pinTreeSchema,
})

export interface Pin extends PinContent {
  readonly name: string
  readonly version: string
}

export const keyOf = ({ name, version }: Pick<Pin, 'name' | 'version'>): string => `${name}@${version}`

/** Undefined where the tree has not what the key says. */
export function toPin(key: string, content: PinContent): Pin | undefined {
  const at = key.lastIndexOf('@')
  const [name, version] = [key.slice(0, at), key.slice(at + 1)]
  const own = content.tree[`node_modules/${name}`]
  return own?.version === version && own.integrity !== undefined && own.name === undefined ? { ...content, name, version } : undefined
}

export const toNewPin = (found: Pick<Pin, 'name' | 'version' | 'tree'>, clock: Clock): Pin => ({
  ...found,
  accepted: new Date(clock()).toISOString(),
  installed: {},
})

export const integrityOf = ({ name, tree }: Pick<Pin, 'name' | 'tree'>): string => tree[`node_modules/${name}`]?.integrity ?? ''

/** What it is, whenever and wherever it was pinned. */
export const treeHash = ({ tree }: Pick<Pin, 'tree'>): string => hash('sha256', canonicalJson(tree)).slice(0, 16)

/** Packages whose install scripts do not run here. */
export const withScripts = ({ tree }: Pick<Pin, 'tree'>): readonly string[] =>
  Object.entries(tree).flatMap(([place, one]) => (one.hasInstallScript ? [place.replace(/^.*node_modules\//, '')] : []))

let platform: string | undefined
/** What its installed files depend on. */
export function thisPlatform(): string {
  return (platform ??= `${process.platform}-${process.arch}${process.platform === 'linux' ? `-${libcOf()}` : ''}`)
}

function libcOf(): 'glibc' | 'musl' {
  const report = process.report as typeof process.report & { excludeNetwork: boolean }
  const before = report.excludeNetwork
  // Else it looks up names of hosts, which can take its time.
  report.excludeNetwork = true
  const { header } = report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } }
  report.excludeNetwork = before
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}
