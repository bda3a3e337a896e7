/**
 * Skills of a server: described first, read when somebody asks for one and not before (skills §lazy retrieval), and held against
 * their description when they are. A loaded skill keeps the description that it was loaded by: of its files, only those that are in it can be
 * read.
 *
 * Whether a skill may be used is for a person to say: nothing here asks anybody. What is in one is the server's word.
 *
 * @module
 */

import type { Log } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { createListing, type Listing, type Page } from '../connection/listing.ts'
import type { Requests } from '../connection/requests.ts'
import type { RequestOptions } from '../connection/session.ts'
import { TransportError, TrustError } from '../errors.ts'
import { hasFrontmatter, verifyFile } from './skill-content.ts'
import { EXTENSION, folderOf, parseSkillEntry, type SkillEntry } from './skill-entry.ts'

/** A skill whose SKILL.md was read and is what its server described. */
export interface Skill {
  /** What it was loaded by. */
  readonly entry: SkillEntry
  /** SKILL.md, all of it. */
  readonly text: string
  /**
   * One of its files, by its URI or by its path from SKILL.md, as that refers to it.
   *
   * @throws {TrustError} `skill_unverified`: the skill has no such file, or it is not what was described.
   */
  read(file: string, options?: RequestOptions): Promise<Uint8Array>
}

export interface Skills {
  /** As the server describes them: it may have more than it lists. What describes nothing that could be checked is left out, and the log says so. */
  list(options?: RequestOptions): Listing<SkillEntry>
  /** By its description, or by the URI of its SKILL.md. @throws {TrustError | TransportError | MCPRequestError} */
  load(skill: SkillEntry | string, options?: RequestOptions): Promise<Skill>
}

export interface SkillsOptions {
  readonly requests: Requests
  /** What the server is called in sentences. */
  readonly host: string
  readonly log: Log
  readonly maxBytes: number
}

export function createSkills({ requests, host, log, maxBytes }: SkillsOptions): Skills {
  /** Before a server says that it has skills, nobody asks for one (skills §capability negotiation). */
  async function hasSkills(options?: RequestOptions): Promise<boolean> {
    const { extensions } = (await requests.serverInfo(options)).capabilities
    return isObject(extensions) && isObject(extensions[EXTENSION])
  }

  async function fetchPage(cursor: string | undefined, options?: RequestOptions): Promise<Page<SkillEntry>> {
    if (!(await hasSkills(options))) return { items: [] }
    const { skills, nextCursor } = await requests.request('skills/list', cursor === undefined ? {} : { cursor }, options)
    if (!Array.isArray(skills) || !(nextCursor === undefined || typeof nextCursor === 'string'))
      throw new TransportError('malformed', `${host} sent what is no list of skills.`)
    const items = skills.flatMap((skill) => parseSkillEntry(skill) ?? [])
    const left = skills.length - items.length
    if (left > 0) log('warn', `${host} describes skills by nothing that they could be held against; they are left out`, { skills: left })
    return { items, nextCursor }
  }

  async function describe(uri: string, options?: RequestOptions): Promise<unknown> {
    if (!(await hasSkills(options)))
      throw new TransportError('unsupported_method', `${host} has no skills.`, undefined, 'Look at serverInfo().capabilities first.')
    return (await requests.request('skills/get', { uri }, options))['skill']
  }

  async function load(skill: SkillEntry | string, options?: RequestOptions): Promise<Skill> {
    const uri = typeof skill === 'string' ? skill : skill.uri
    const entry = parseSkillEntry(typeof skill === 'string' ? await describe(skill, options) : skill)
    if (entry?.uri !== uri) throw unverified(uri, `${host} describes no skill that could be held against anything.`)
    const { resources, frontmatter } = entry

    async function read(wanted: string, readOptions?: RequestOptions): Promise<Uint8Array> {
      const file = resources.find((each) => each.uri === wanted || each.uri === `${folderOf(uri)}/${wanted}`)
      if (file === undefined) throw unverified(uri, 'The skill has no such file.')
      const bytes = verifyFile(await requests.readResource(file.uri, readOptions), file)
      if (bytes === undefined) throw unverified(uri, `What ${host} sent is not the file that it described.`)
      return bytes
    }

    const text = toText(await read(uri, options))
    if (text === undefined || !(await hasFrontmatter(text, frontmatter)))
      throw unverified(uri, `SKILL.md says of itself what ${host} did not say of it.`)
    return { entry, text, read }
  }

  return {
    load,
    list: (options) =>
      createListing({
        fetchPage: (cursor) => fetchPage(cursor, options),
        // A description that is held on to would be one that the server has replaced.
        kept: () => undefined,
        keep: () => {},
        see: (items) => items,
        host,
        maxBytes,
      }),
  }
}

const unverified = (uri: string, what: string): TrustError => new TrustError('skill_unverified', uri, what)

/** Undefined for what is no UTF-8: a letter that was put in place of a byte is not what was verified. */
function toText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
