/**
 * Signs the person at this machine in: in their browser, whose address is printed too, for machines without one; or with a code that
 * they type on another device.
 *
 * @module
 */

import { AuthorizationError, type MCPClient, openBrowser } from '../../client/index.ts'
import type { Output } from '../output.ts'
import { shown } from '../shown.ts'
import { whileWaiting } from '../waiting.ts'

export interface SignInHere {
  readonly scopes: readonly string[]
  readonly device: boolean
  readonly signal: AbortSignal
  readonly output: Output
}

export async function signInHere(client: MCPClient, { scopes, device, signal, output }: SignInHere): Promise<void> {
  await whileWaiting(
    () => 'waiting for you to sign in (^C ends it)',
    output,
    client.signIn({
      ...(scopes.length > 0 && { scopes }),
      device,
      signal,
      openBrowser: (url) => open(url, output),
      onDeviceCode: ({ userCode, verificationUri, verificationUriComplete }) => {
        const { note, paint } = output
        note('')
        note(`  Open        ${shown(verificationUri)}`)
        note(`  and enter   ${paint('bold', shown(userCode))}`)
        if (verificationUriComplete !== undefined) note(`  or open     ${shown(verificationUriComplete)}`)
        note('')
      },
    }),
  )
}

/** The address is said in any case: the browser may be another one's, or not here. The machine has to be this one, which it comes back to. */
async function open(url: string, { note }: Output): Promise<void> {
  note('Sign in with your browser on this machine. If it does not open, open this yourself:')
  note(`  ${shown(url)}`)
  await openBrowser(url).catch((error: unknown) => {
    if (!(error instanceof AuthorizationError) || error.code !== 'browser_unavailable') throw error
    note('! No browser could be opened. On a machine without one, use --device, where the server has it.')
  })
}
