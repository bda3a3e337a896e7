/**
 * What `guard` says once it is ready: what it guards, where it is reached, and the line to paste into each client. Pure.
 *
 * @module
 */

import type { Classification, Config, Guard } from '../gateway/index.ts'
import { isLoopbackName } from '../net/index.ts'
import { resolveDataDir } from '../vault/index.ts'
import { clientLines, toClientName } from './client-lines.ts'
import type { Output } from './output.ts'
import { sandboxLine } from './sandbox-lines.ts'
import { shown, shownShort } from './shown.ts'
import { counted } from './values.ts'

export function banner(
  { servers, listen, auth }: Config,
  guard: Guard,
  accepted: readonly Classification[],
  link: string | undefined,
  stdio: boolean,
  { paint }: Output,
): string[] {
  const tick = paint('green', '✓')
  const lines = guard.status().flatMap((status) => {
    if (status.state !== 'ready') return downLines(status, paint)
    const { server, serverInfo, version: revision, tools, prompts, resources, sandbox } = status
    const counts = [counted(tools, 'tool'), prompts > 0 && counted(prompts, 'prompt'), resources > 0 && counted(resources, 'resource')]
      .filter(Boolean)
      .join(', ')
    return [
      `${tick} ${server}: ${shownShort([serverInfo?.name, serverInfo?.version].filter(Boolean).join(' '))} (MCP ${revision}), ${counts}`,
      ...(sandbox ? [`  ${sandboxLine(sandbox, paint)}`] : []),
    ]
  })
  for (const { server, read, execute, written } of accepted)
    lines.push(
      written
        ? `${tick} ${server}: ${read} read · ${execute} execute by its own hints, accepted once (${guard.lockFile})`
        : `  ${server}: hints were accepted before and stay as they are (${guard.lockFile})`,
    )
  const weight = guard.weight()
  if (weight) lines.push(`${tick} listed: ${weightWords(weight)}`)
  const scopes = guard.scopes().join(', ')
  if (stdio) return [...lines, `${tick} on stdin and stdout${scopes ? ` · scopes ${scopes}` : ''}`]
  lines.push(
    `${tick} ${paint('bold', guard.url)}   sign-in ${auth?.issuer === undefined ? 'required' : `at ${shownShort(auth.issuer)}`} · ${reachOf(listen)}${scopes ? ` · scopes ${scopes}` : ''}`,
  )
  if (link !== undefined) lines.push(`  Make the owner's account (once, within 10 minutes): ${paint('cyan', link)}`)
  const name = toClientName(servers.length === 1 ? (servers[0]?.id ?? '') : 'sallyport')
  const clients = clientLines(name, guard.url)
  const width = Math.max(...clients.map(({ client }) => client.length)) + 1
  lines.push('', 'Paste into your client:', ...clients.map(({ client, line }) => `  ${`${client}:`.padEnd(width)}  ${line}`))
  lines.push(`  ${''.padEnd(width)}  (the Inspector needs Node 22 or later)`)
  const granted = guard.scopes()
  if (granted.includes('tools:execute') && !granted.includes('tools:read'))
    lines.push(
      '',
      'No tool is classed as reading only, so all need tools:execute: see --classify annotations, or "tools" in docs/configuration.md.',
    )
  // What somebody tries a key with first is a tool.
  const scope = ['tools:read', 'tools:execute', ...granted].find((each) => granted.includes(each)) ?? 'tools:execute'
  const where = guard.dataDir === resolveDataDir(undefined) ? '' : ` --data-dir '${guard.dataDir}'`
  lines.push('', `A key instead of a sign-in:  npx sallyport key create --name me --scope ${scope}${where}`)
  return lines
}

/** Where it awaits somebody, the problem ends with the command for that, and nothing may be written behind it. */
function downLines({ server, error, awaits }: ReturnType<Guard['status']>[number], paint: Output['paint']): string[] {
  const line = `${paint('yellow', '!')} ${server}: ${shown(error ?? 'does not answer yet')}`
  return awaits ? [line, '  Until it is accepted it is left alone. That is noticed while this runs.'] : [`${line}; it is tried again`]
}

/** `118 → 9 tools, 40k → 3k tokens (estimated)` */
function weightWords({ tools, listedTools, tokens, listedTokens }: NonNullable<ReturnType<Guard['weight']>>): string {
  const short = (count: number): string => (count < 1000 ? `${count}` : `${Math.round(count / 1000)}k`)
  return `${tools} → ${counted(listedTools, 'tool')}, ${short(tokens)} → ${short(listedTokens)} tokens (estimated)`
}

function reachOf({ host = 'localhost', publicUrl }: Config['listen']): string {
  const isLocal = isLoopbackName(host) && publicUrl === undefined
  return isLocal ? 'loopback only' : `listens on ${host}`
}
