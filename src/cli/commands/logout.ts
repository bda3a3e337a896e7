/**
 * `sallyport logout URL`: ends a sign-in: its tokens are revoked where the authorization server can, and forgotten here in any case.
 *
 * @module
 */

import type { ServerFlags } from '../calling/server-flags.ts'
import { withServer } from '../calling/with-server.ts'
import { CliError } from '../errors.ts'
import { shownShort } from '../shown.ts'

export const logout = (words: readonly string[], argv: readonly string[], flags: ServerFlags): Promise<void> =>
  withServer('logout', words, argv, { ...flags, onlySignIn: true }, async ({ client, target, name, rest, output, request }) => {
    if ('command' in target) throw new CliError('E-USAGE', 'a command that is started has no sign-in', 'name the URL of a server')
    if (rest.length > 0) throw new CliError('E-USAGE', 'only one server can be signed out of', 'name one URL')
    const { wasSignedIn, revoked } = await request(`signing out of ${name}`, () => client.signOut())
    const { account } = flags
    const as = account === undefined ? '' : ` as ${shownShort(account)}`
    if (!wasSignedIn)
      throw new CliError('E-NOT-FOUND', `nobody is signed in to ${name}${as}`, 'see `sallyport logins`, and check --account and --data-dir')
    output.object({ server: target.url, ...(account !== undefined && { account }), signedIn: false, revoked })
    output.line(`${output.paint('green', '✓')} signed out of ${name}${as}`)
    if (!revoked) output.note('! The tokens were forgotten here; the authorization server did not say that they are worth nothing now.')
  })
