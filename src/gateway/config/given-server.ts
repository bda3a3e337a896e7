/** The server that is given on the command line, in the place of those in the file. @module */

import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { basename, resolve } from 'node:path'
import { secretsInArguments, secretsInUrl } from '../secrets/secrets-in.ts'
import type { ServerConfig } from './config.ts'
import type { Findings } from './problems.ts'
import { type ForcedSandbox, type SandboxEntry, toServerSandbox } from './sandbox.ts'
import { checkUrl } from './target.ts'

/** `sandbox`: what the command may reach, from `cwd`. */
export type GivenServer =
  | { readonly command: string; readonly args: readonly string[]; readonly sandbox?: SandboxEntry | undefined }
  | { readonly url: string }

export function toGivenServer(target: GivenServer, cwd: string, forced: ForcedSandbox, { problems }: Findings): ServerConfig | undefined {
  const rest = { tools: [], timeoutSeconds: undefined }
  if ('command' in target) {
    const { command, args } = target
    // Grants alone do not demand a sandbox: `--sandbox` does.
    const [first = ''] = args.filter((arg) => !arg.startsWith('-'))
    const place = [command, existsSync(resolve(cwd, first)) ? resolve(cwd, first) : first.replace(/(?<=.)@[^/@]*$/, '')].join(' ')
    const sandbox = toServerSandbox({ ...target.sandbox, dangerouslyOptional: true }, cwd, { where: '', place, forced })
    return {
      id: nameOfTarget(target),
      target: { command, args, cwd: resolve(cwd), env: {} },
      sandbox,
      secrets: secretsInArguments(args),
      ...rest,
    }
  }
  const url = checkUrl(target.url)
  if (typeof url !== 'string')
    return { id: nameOfTarget({ url: url.href }), target: { url: url.href, headers: {} }, secrets: secretsInUrl(url), ...rest }
  problems.push(`the URL given ${url}`)
  return undefined
}

/** What to call a server that was given on the command line: the package or program, without what all of them have in their names. */
function nameOfTarget(target: { readonly command: string; readonly args: readonly string[] } | { readonly url: string }): string {
  if ('url' in target) {
    const { hostname } = new URL(target.url)
    // An address says nothing to a person.
    return isIP(hostname.replace(/^\[|\]$/g, '')) || hostname === 'localhost'
      ? 'server'
      : shorten(hostname.replace(/^(?:www|mcp|api)\./, ''))
  }
  const runners = new Set(['npx', 'bunx', 'pnpx', 'uvx', 'pipx', 'node', 'deno', 'bun', 'python', 'python3', 'uv', 'docker', 'env'])
  const words = [target.command, ...target.args].filter((word) => !word.startsWith('-'))
  const program = words.find((word) => !runners.has(basename(word)) && !['run', 'exec', 'dlx'].includes(word)) ?? target.command
  const path = program.replace(/(?<=.)@[^/@]*$/, '')
  const parts = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.')
  // `…/server-notes/dist/index.js` says what it is two folders up.
  let name = parts.pop() ?? path
  while (/^(?:index|main|server|cli|dist|build|src|lib|bin)(?:\.[cm]?[jt]s)?$/.test(name) && parts.length > 0) name = parts.pop() as string
  return shorten(name.replace(/\.[cm]?[jt]s$|\.py$/, ''))
}

const shorten = (name: string): string =>
  name
    .replace(/^(?:mcp-server-|server-|mcp-)|(?:-mcp-server|-mcp|-server)$/g, '')
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32) || 'server'
