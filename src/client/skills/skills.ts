/**
 * Skills of a server: described first, read when somebody asks for one and not before (skills §lazy retrieval), and held against
 * their description when they are. A loaded skill keeps the description that it was loaded by: of its files, only those that are in it can be
 * read.
 *
 * Whether a skill may be used is for a person to say: nothing here asks anybody. What is in one is the server's word.
 *
 * @module
 */

import type { ReadResourceResult } from '@modelcontextprotocol/client'
import type { JsonObject } from '../../core/index.ts'
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
  read(file: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Uint8Array>
}

/** What skills need of a client. */
export interface SkillServer {
  /** What the server is called in sentences. */
  readonly host: string
  /** Whether the server says that it has skills: before that nobody asks for one (skills §capability negotiation). */
  hasExtension(name: string, signal?: AbortSignal): Promise<boolean>
  request(request: { readonly method: string; readonly params: JsonObject }, signal?: AbortSignal): Promise<JsonObject>
  read(uri: string, signal?: AbortSignal): Promise<ReadResourceResult>
}

/** A skill by its description, or by the URI of its SKILL.md. @throws {TrustError | TransportError | MCPRequestError} */
export async function loadSkill(server: SkillServer, skill: SkillEntry | string, signal?: AbortSignal): Promise<Skill> {
  const uri = typeof skill === 'string' ? skill : skill.uri
  const entry = parseSkillEntry(typeof skill === 'string' ? await describe(server, skill, signal) : skill)
  if (entry?.uri !== uri) throw unverified(uri, `${server.host} describes no skill that could be checked.`)

  async function read(wanted: string, readSignal?: AbortSignal): Promise<Uint8Array> {
    const from = folderOf(uri)
    const file = entry?.resources.find((each) => each.uri === wanted || each.uri === `${from}/${wanted}`)
    if (file === undefined) throw unverified(uri, 'The skill has no such file.')
    const bytes = verifyFile(await server.read(file.uri, readSignal), file)
    if (bytes === undefined) throw unverified(uri, `What ${server.host} sent is not the file that it described.`)
    return bytes
  }

  const text = toText(await read(uri, signal))
  if (text === undefined || !hasFrontmatter(text, entry.frontmatter))
    throw unverified(uri, `SKILL.md says of itself what ${server.host} did not say of it.`)
  return { entry, text, read: (file, options) => read(file, options?.signal) }
}

async function describe(server: SkillServer, uri: string, signal?: AbortSignal): Promise<unknown> {
  if (!(await server.hasExtension(EXTENSION, signal)))
    throw new TransportError('unsupported_method', `${server.host} has no skills.`, undefined, 'Look at serverInfo().capabilities first.')
  return (await server.request({ method: 'skills/get', params: { uri } }, signal))['skill']
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
