/**
 * `sallyport login URL`: signs the person at this machine in to a server. What comes of it is kept, sealed, in the data directory or the
 * platform's keychain, for `tools`, `call`, `read` and `prompt`. A key in the environment plays no part.
 *
 * @module
 */

import type { ServerFlags } from '../calling/server-flags.ts'
import { signInHere } from '../calling/sign-in-here.ts'
import { withServer } from '../calling/with-server.ts'
import { CliError } from '../errors.ts'
import { shownShort } from '../shown.ts'

export interface LoginFlags extends ServerFlags {
  readonly device?: boolean
}

export const login = (words: readonly string[], argv: readonly string[], flags: LoginFlags): Promise<void> =>
  withServer('login', words, argv, { ...flags, onlySignIn: true }, async ({ client, target, name, rest, output, signal }) => {
    if ('command' in target)
      throw new CliError('E-USAGE', 'a command that is started has no sign-in', 'hand it what it needs with --env NAME')
    if (rest.length > 0) throw new CliError('E-USAGE', 'only one server can be signed in to', 'name one URL')
    await signInHere(client, { scopes: [], device: flags.device ?? false, signal, output })
    const account = flags.account
    output.object({ server: target.url, ...(account !== undefined && { account }), signedIn: true })
    output.line(`${output.paint('green', '✓')} signed in to ${name}${account === undefined ? '' : ` as ${shownShort(account)}`}`)
  })
