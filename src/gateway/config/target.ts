/** What a server's entry starts, or where it leads: the command with its variables, or the URL with its headers. @module */

import { existsSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { isLoopbackHost } from '../../net/index.ts'
import { secretsInArguments, secretsInUrl } from '../secrets/secrets-in.ts'
import type { Command, Endpoint } from '../upstream/index.ts'
import type { EntryValues } from './entry-values.ts'
import { isOurs, NOT_OURS } from './expand.ts'
import type { ServerEntry } from './server-entry.ts'
import type { SourceFile } from './source-file.ts'

// The transport's own, or dangerous to set by hand.
const FORBIDDEN_HEADERS = /^(?:accept|connection|content-.*|expect|host|keep-alive|mcp-.*|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i

/** `id`: what the server is called. Variables with named secrets are filled in at each start. */
export function toCommand(
  id: string,
  entry: ServerEntry,
  source: Pick<SourceFile, 'dir' | 'name'>,
  { fill, problem, warn, secrets, named }: EntryValues,
): Command {
  const args = (entry.args ?? []).map((arg, i) => fill(String(arg), '', 'args', i))
  for (const secret of secretsInArguments(args)) secrets.add(secret)
  const env: Record<string, string> = {}
  for (const [variable, value] of Object.entries(entry.env ?? {})) {
    if (isOurs(variable)) problem(['env', variable], NOT_OURS)
    const filled = fill(String(value), variable, 'env', variable)
    if (!named.has(variable)) env[variable] = filled
  }
  for (const arg of args) {
    const given = resolve(source.dir, arg)
    if ((source.dir === given || source.dir.startsWith(given + sep)) && arg !== '' && existsSync(given))
      warn(['args'], `${id} is given the folder of ${source.name}: without a sandbox it can change there what it may do`)
  }
  const cwd = entry.cwd === undefined ? source.dir : resolve(source.dir, fill(entry.cwd, '', 'cwd'))
  return { command: fill(entry.command ?? '', '', 'command'), args, cwd, env }
}

/** Undefined: there is a problem. Headers with named secrets are filled in at each request. */
export function toEndpoint(
  written: string,
  entry: ServerEntry,
  { fill, problem, warn, secrets, named }: EntryValues,
): Endpoint | undefined {
  const url = checkUrl(fill(written, '', 'url'))
  if (typeof url === 'string') {
    problem(['url'], url)
    return undefined
  }
  for (const secret of secretsInUrl(url)) secrets.add(secret)
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) warn(['url'], 'goes over the network without TLS')
  const headers: Record<string, string> = {}
  const seen = new Set<string>()
  for (const [header, value] of Object.entries(entry.headers ?? {})) {
    const filled = fill(value, header, 'headers', header)
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header)) problem(['headers', header], 'is not the name of a header')
    else if (FORBIDDEN_HEADERS.test(header)) problem(['headers', header], 'is set by the transport itself')
    // Which of them is sent is nothing that anybody could see.
    else if (seen.has(header.toLowerCase())) problem(['headers', header], 'is there twice: upper and lower case are one to HTTP')
    else if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(filled)) problem(['headers', header], 'has characters that a header cannot carry')
    seen.add(header.toLowerCase())
    if (!named.has(header.toLowerCase())) headers[header.toLowerCase()] = filled
  }
  return { url: url.href, headers }
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
