/** Which of a client's options go together: a server is at a URL, or is a command; each has options of its own. @module */

import { z } from 'zod'

/** What a process may be given: the system ends it at a NUL. */
export const argument: z.ZodString = z
  .string()
  .max(131_072)
  .refine((value) => !value.includes('\0'), 'must not have a NUL in it')

interface Given {
  readonly serverUrl?: string | undefined
  readonly command?: string | undefined
  readonly transport?: 'http' | 'websocket' | 'stdio' | undefined
  readonly auth?: { readonly type: string } | undefined
  readonly [option: string]: unknown
}

const OF_COMMAND = ['args', 'env', 'cwd'] as const
const OF_URL = ['headers', 'ca', 'dangerouslyAllowPrivateHosts', 'lookup'] as const

export function checkTransport(given: Given, context: z.core.$RefinementCtx): void {
  const problem = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
  const { serverUrl, command, transport, auth } = given
  if (serverUrl === undefined && command === undefined) return problem('serverUrl', 'needs the URL of a server, or `command` to start one')
  if (serverUrl !== undefined && command !== undefined)
    return problem('command', 'a server is at serverUrl, or is started by command: not both')
  if (command !== undefined) {
    if (transport !== undefined && transport !== 'stdio') problem('transport', `"${transport}" needs serverUrl; a command is for "stdio"`)
    if (auth !== undefined) problem('auth', 'a server that is started takes its credential from its environment: give it in env')
    for (const name of OF_URL) if (given[name] !== undefined) problem(name, 'is for a server at serverUrl')
    return
  }
  for (const name of OF_COMMAND) if (given[name] !== undefined) problem(name, 'is for a server that command starts')
  if (transport === 'stdio') problem('transport', '"stdio" needs command')
  if (transport === 'http' && /^wss?:/i.test(serverUrl ?? '')) problem('transport', 'a URL that begins with ws is for "websocket"')
}
