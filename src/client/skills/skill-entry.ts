/**
 * How a server describes a skill (the skills extension, `io.modelcontextprotocol/skills`): its frontmatter, and every file with its size and
 * digest. Checked from the description alone, before anything of the skill is read.
 *
 * Fails closed: a description that breaks a rule is none. One whose content is made anew each time (`dynamic`) has nothing to check it by,
 * and is refused too.
 *
 * @module
 */

import { z } from 'zod'
import type { JsonObject } from '../../core/index.ts'

/** A file of a skill. */
export interface SkillFile {
  readonly uri: string
  /** `sha256:` and 64 hexadecimal digits: of its bytes. */
  readonly digest: string
  /** In bytes. */
  readonly size: number
}

/** A skill as its server describes it; nothing of it has been read. Its words are the server's, and may be meant for a model. */
export interface SkillEntry {
  /** Of its SKILL.md. Another server may have another skill of that URI. */
  readonly uri: string
  readonly frontmatter: JsonObject & { readonly name: string; readonly description: string }
  /** All of its files, SKILL.md among them. */
  readonly resources: readonly SkillFile[]
}

export const EXTENSION = 'io.modelcontextprotocol/skills'

/** What every host takes (skills §limits); more than that is refused. */
const MAX_FILES = 512
const MAX_BYTES = 16 * 1024 * 1024
const MAIN_FILE = '/SKILL.md'

/** It is the name of a folder, too, wherever somebody keeps skills (Agent Skills §name is narrower): no way out, nothing hidden. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}])?$/u

const file = z.object({
  uri: z.string().max(2048),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.int().min(0).max(MAX_BYTES),
})
const entry: z.ZodType<SkillEntry> = z
  .object({
    uri: z.string().max(2048),
    frontmatter: z.looseObject({
      name: z.string().max(64).regex(NAME),
      description: z.string().min(1).max(4096),
    }),
    resources: z.array(file).min(1).max(MAX_FILES),
  })
  .refine(({ uri, frontmatter: { name } }) => uri.endsWith(`/${name}${MAIN_FILE}`))
  .refine(({ uri }) => isPlain(uri))
  .refine(({ uri, resources }) => resources.every((each) => isInside(folderOf(uri), each.uri)))
  .refine(({ uri, resources }) => resources.some((each) => each.uri === uri))
  .refine(({ resources }) => new Set(resources.map((each) => each.uri)).size === resources.length)
  .refine(({ resources }) => resources.reduce((sum, { size }) => sum + size, 0) <= MAX_BYTES)

/** Undefined for what is no description of a skill that can be checked. */
export function parseSkillEntry(value: unknown): SkillEntry | undefined {
  const parsed = entry.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

/** The folder of a skill, without a slash at its end. */
export const folderOf = (uri: string): string => uri.slice(0, -MAIN_FILE.length)

/** No way out of the folder, however it is written: whoever keeps skills on a disk names files by this. */
const isInside = (folder: string, uri: string): boolean =>
  uri.startsWith(`${folder}/`) &&
  isPlain(uri) &&
  uri
    .slice(folder.length + 1)
    .split('/')
    .every((segment) => segment !== '')

/** No segment that goes up, or that is a separator in disguise. */
const isPlain = (uri: string): boolean =>
  uri.split('/').every((segment) => !/^(?:\.|%2e){1,2}$|%2f|%5c|[\\?#\u0000-\u001f\u007f]/i.test(segment))
