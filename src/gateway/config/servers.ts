/**
 * A server's entry in the configuration, made into what is started or called: values filled in, paths absolute, secrets
 * noted. Collects problems; the caller throws them together.
 *
 * @module
 */

import { compileRules } from '../../guards/index.ts'
import { isIssuerUrl } from '../../net/index.ts'
import type { AuditRule, ReleaseRule, ToolRule } from '../import/classify.ts'
import { toWritten } from '../launch/written.ts'
import { isPersonal } from '../secrets/template.ts'
import type { ServerConfig } from './config.ts'
import { createEntryValues } from './entry-values.ts'
import type { Env } from './expand.ts'
import type { Findings } from './problems.ts'
import { toReferenceRules } from './references.ts'
import { type ForcedSandbox, toServerSandbox } from './sandbox.ts'
import type { ServerEntry } from './server-entry.ts'
import type { SourceFile } from './source-file.ts'
import { toCommand, toEndpoint } from './target.ts'
import { fillUpstreamAuth, NO_ISSUER } from './upstream-auth.ts'

export interface ResolveServerOptions {
  readonly name: string
  readonly entry: ServerEntry
  /** Of the entry, from the top of the file. */
  readonly path: readonly string[]
  readonly source: SourceFile
  readonly env: Env
  readonly findings: Findings
  readonly forced: ForcedSandbox
}

/** Undefined: there is a problem. */
export function resolveServer({ name, entry, path, source, env, findings, forced }: ResolveServerOptions): ServerConfig | undefined {
  const values = createEntryValues({ path, source, env, findings })
  const { fill, problem, warn, secrets, named } = values

  if (entry.command !== undefined && entry.url !== undefined) problem(['url'], 'a server has a command or a url, not both')
  if (entry.command === undefined && entry.url === undefined) problem([], 'a server needs a command or a url')
  const foreign = entry.url === undefined ? (['headers', 'auth'] as const) : (['args', 'env', 'cwd', 'sandbox'] as const)
  for (const key of foreign) if (entry[key] !== undefined) problem([key], `goes with a ${entry.url === undefined ? 'url' : 'command'}`)

  const id = name
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/_{2,}/g, '_')
    .replace(/^[-_]+|[-_]+$/g, '')
  if (id === '') problem([], 'the name needs letters or digits')
  else if (id !== name) warn([], `is called ${id} here, as hosts allow only letters, digits, "-" and single "_" in names`)

  const before = findings.problems.length
  const target = entry.url === undefined ? toCommand(id, entry, source, values) : toEndpoint(entry.url, entry, values)
  const auth = entry.auth && fillUpstreamAuth(entry.auth, (value, key) => fill(value, key, 'auth', key))
  if (auth && 'issuer' in auth && auth.issuer !== undefined && !isIssuerUrl(auth.issuer)) problem(['auth', 'issuer'], NO_ISSUER)
  if (auth && auth.type !== 'none' && 'url' in (target ?? {}) && hasAuthorization(entry))
    problem(['auth'], 'takes the place of an authorization header: remove one of the two')
  if (auth && auth.type !== 'none' && named.size > 0) problem(['auth'], 'does not go together with named secrets in headers')
  const templates = named.size > 0 ? Object.fromEntries(named) : undefined
  if (entry.perPerson && (entry.url !== undefined || !isPersonal(templates)))
    problem(['perPerson'], 'goes with a command that has ${user-secret:NAME} in its env')
  const references = toReferenceRules(entry.references, [...path, 'references'], source, (keys, text) =>
    problem(['references', ...keys], text),
  )
  if (findings.problems.length > before || !target) return undefined
  const where = (...place: string[]): string => source.where([...path, ...place])
  const tools = source
    .keys([...path, 'tools'])
    .map((glob): ToolRule => ({ glob, class: entry.tools?.[glob] ?? 'execute', where: where('tools', glob) }))
  const release = source
    .keys([...path, 'release'])
    .map((glob): ReleaseRule => ({ glob, ...compileRules(entry.release?.[glob] ?? {}), where: where('release', glob) }))
  const audit = source
    .keys([...path, 'audit'])
    .map((glob): AuditRule => ({ glob, keepsArguments: entry.audit?.[glob] === 'sealed', where: where('audit', glob) }))
  const at = `${where('sandbox')}: ${[...path, 'sandbox'].join('.')}`
  return {
    id,
    target,
    ...('command' in target && { sandbox: toServerSandbox(entry.sandbox, source.dir, { where: at, place: source.path, forced }) }),
    written: toWritten(entry),
    tools,
    ...(release.length > 0 ? { release } : {}),
    timeoutSeconds: entry.timeoutSeconds,
    ...(references.length > 0 && { references }),
    ...(audit.length > 0 && { audit }),
    secrets: [...secrets],
    ...(auth && { auth }),
    ...(templates && { named: templates }),
    ...(entry.perPerson && { perPerson: entry.perPerson }),
  }
}

const hasAuthorization = ({ headers = {} }: ServerEntry): boolean =>
  Object.keys(headers).some((header) => header.toLowerCase() === 'authorization')
