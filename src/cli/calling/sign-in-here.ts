/**
 * Signs the person at this machine in: in their browser, whose address is printed too, for machines without one; or with a code that
 * they type on another device.
 *
 * @module
 */

import type { MCPClient } from '../../client/index.ts'
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
    () => 'waiting for you to sign in',
    output,
    client.signIn({
      ...(scopes.length > 0 && { scopes }),
      device,
      signal,
      onDeviceCode: ({ userCode, verificationUri, verificationUriComplete }) => {
        for (const line of ['', `  Open  ${shown(verificationUri)}`, `  and type the code  ${shown(userCode)}`, '']) output.note(line)
        if (verificationUriComplete !== undefined) output.note(`  or open  ${shown(verificationUriComplete)}`)
      },
    }),
  )
}
