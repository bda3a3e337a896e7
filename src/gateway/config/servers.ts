/**
 * A server's entry in the configuration, made into what is started or called: values filled in, paths absolute, secrets
 * noted. Collects problems; the caller throws them together.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { compileRules } from '../../guards/index.ts'
import { isIssuerUrl, isLoopbackHost } from '../../net/index.ts'
import type { AuditRule, ReleaseRule, ToolRule } from '../import/classify.ts'
import { toWritten } from '../launch/written.ts'
import { secretsIn, secretsInArguments, secretsInUrl } from '../secrets/secrets-in.ts'
import { isPersonal, type Template } from '../secrets/template.ts'
import type { Command, Endpoint } from '../upstream/index.ts'
import type { ServerConfig } from './config.ts'
import { type Env, expand, isOurs, NOT_OURS } from './expand.ts'
import type { Findings } from './problems.ts'
import { toReferenceRules } from './references.ts'
import { type ForcedSandbox, toServerSandbox } from './sandbox.ts'
import type { ServerEntry } from './server-entry.ts'
import type { SourceFile } from './source-file.ts'
import { fillUpstreamAuth, NO_ISSUER } from './upstream-auth.ts'

// The transport's own, or dangerous to set by hand.
const FORBIDDEN_HEADERS = /^(?:accept|connection|content-.*|expect|host|keep-alive|mcp-.*|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i

export function resolveServer(
  name: string,
  entry: ServerEntry,
  path: readonly string[],
  source: SourceFile,
  env: Env,
  { problems, warnings }: Findings,
  forced: ForcedSandbox,
): ServerConfig | undefined {
  const secrets = new Set<string>()
  const at = (...keys: (string | number)[]): string => `${source.where([...path, ...keys])}: ${[...path, ...keys].join('.')}`
  const problem = (keys: (string | number)[], text: string): void => void problems.push(`${at(...keys)}: ${text}`)

  const named = new Map<string, Template>()

  /** `called`: what the value is for, which tells whether it is a secret. */
  function fill(written: string, called: string, ...keys: (string | number)[]): string {
    const {
      text,
      template,
      problems: missing,
      referred,
      fromFiles,
    } = expand(written, env, source.dir, {
      takesSecrets: keys.length === 2 && (keys[0] === 'env' || keys[0] === 'headers'),
      isHandedOver: true,
    })
    if (template) named.set(keys[0] === 'headers' ? called.toLowerCase() : called, template)
    for (const one of missing) problem(keys, one)
    const found = template ? [] : secretsIn(called, text)
    for (const secret of [...found, ...fromFiles]) secrets.add(secret)
    if (found.length > 0 && !referred) warnings.push(`${at(...keys)}: a secret is written out here; use \${env:NAME} or \${file:PATH}`)
    return text
  }

  if (entry.command !== undefined && entry.url !== undefined) problem(['url'], 'a server has a command or a url, not both')
  if (entry.command === undefined && entry.url === undefined) problem([], 'a server needs a command or a url')
  const foreign = entry.url === undefined ? (['headers', 'auth'] as const) : (['args', 'env', 'cwd', 'sandbox'] as const)
  for (const key of foreign) if (entry[key] !== undefined) problem([key], `goes with a ${entry.url === undefined ? 'url' : 'command'}`)

  const id = name
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/_{2,}/g, '_')
    .replace(/^[-_]+|[-_]+$/g, '')
  if (id === '') problem([], 'the name needs letters or digits')
  else if (id !== name) warnings.push(`${at()}: is called ${id} here, as hosts allow only letters, digits, "-" and single "_" in names`)

  const before = problems.length
  const target = entry.url === undefined ? command() : endpoint(entry.url)
  const auth = entry.auth && fillUpstreamAuth(entry.auth, (value, key) => fill(value, key, 'auth', key))
  if (auth && 'issuer' in auth && auth.issuer !== undefined && !isIssuerUrl(auth.issuer)) problem(['auth', 'issuer'], NO_ISSUER)
  if (auth && auth.type !== 'none' && 'url' in (target ?? {}) && hasAuthorization())
    problem(['auth'], 'takes the place of an authorization header: remove one of the two')
  if (auth && auth.type !== 'none' && named.size > 0) problem(['auth'], 'does not go together with named secrets in headers')
  const templates = named.size > 0 ? Object.fromEntries(named) : undefined
  if (entry.perPerson && (entry.url !== undefined || !isPersonal(templates)))
    problem(['perPerson'], 'goes with a command that has ${user-secret:NAME} in its env')
  const references = toReferenceRules(entry.references, [...path, 'references'], source, (keys, text) =>
    problem(['references', ...keys], text),
  )
  if (problems.length > before || !target) return undefined
  const tools = source
    .keys([...path, 'tools'])
    .map((glob): ToolRule => ({ glob, class: entry.tools?.[glob] ?? 'execute', where: source.where([...path, 'tools', glob]) }))
  const release = source
    .keys([...path, 'release'])
    .map((glob): ReleaseRule => ({ glob, ...compileRules(entry.release?.[glob] ?? {}), where: source.where([...path, 'release', glob]) }))
  const audit = source
    .keys([...path, 'audit'])
    .map((glob): AuditRule => ({ glob, keepsArguments: entry.audit?.[glob] === 'sealed', where: source.where([...path, 'audit', glob]) }))
  return {
    id,
    target,
    ...('command' in target && {
      sandbox: toServerSandbox(entry.sandbox, source.dir, { where: at('sandbox'), place: source.path, forced }),
    }),
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

  function hasAuthorization(): boolean {
    return Object.keys(entry.headers ?? {}).some((header) => header.toLowerCase() === 'authorization')
  }

  function command(): Command {
    const args = (entry.args ?? []).map((arg, i) => fill(String(arg), '', 'args', i))
    for (const secret of secretsInArguments(args)) secrets.add(secret)
    const variables: Record<string, string> = {}
    for (const [variable, value] of Object.entries(entry.env ?? {})) {
      if (isOurs(variable)) problem(['env', variable], NOT_OURS)
      const filled = fill(String(value), variable, 'env', variable)
      if (!named.has(variable)) variables[variable] = filled
    }
    for (const arg of args) {
      const given = resolve(source.dir, arg)
      if ((source.dir === given || source.dir.startsWith(given + sep)) && arg !== '' && existsSync(given))
        warnings.push(`${at('args')}: ${id} is given the folder of ${source.name}: without a sandbox it can change there what it may do`)
    }
    const cwd = entry.cwd === undefined ? source.dir : resolve(source.dir, fill(entry.cwd, '', 'cwd'))
    return { command: fill(entry.command ?? '', '', 'command'), args, cwd, env: variables }
  }

  function endpoint(written: string): Endpoint | undefined {
    const url = checkUrl(fill(written, '', 'url'))
    if (typeof url === 'string') {
      problem(['url'], url)
      return undefined
    }
    for (const secret of secretsInUrl(url)) secrets.add(secret)
    if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) warnings.push(`${at('url')}: goes over the network without TLS`)
    const headers: Record<string, string> = {}
    for (const [header, value] of Object.entries(entry.headers ?? {})) {
      const filled = fill(value, header, 'headers', header)
      if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header)) problem(['headers', header], 'is not the name of a header')
      else if (FORBIDDEN_HEADERS.test(header)) problem(['headers', header], 'is set by the transport itself')
      else if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(filled)) problem(['headers', header], 'has characters that a header cannot carry')
      if (!named.has(header.toLowerCase())) headers[header.toLowerCase()] = filled
    }
    return { url: url.href, headers }
  }
}

/** The URL, or what is wrong with it. */
export function checkUrl(text: string): URL | string {
  if (!URL.canParse(text)) return 'is not a URL'
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must begin with https:// or http://'
  if (url.username !== '' || url.password !== '') return 'must not hold a password; use headers'
  url.hash = ''
  return url
}
