/**
 * What a person reads when connecting did not work. What the other side said is in the log, and never here: it wrote it.
 *
 * @module
 */

import type { AuthorizationError, TransportError } from '../../client/index.ts'

export function toldOf({ code }: AuthorizationError | TransportError, host: string): string {
  switch (code) {
    case 'authorization_denied':
      return `The sign-in at ${host} was refused or cancelled. Nothing was connected.`
    case 'issuer_mismatch':
    case 'state_mismatch':
      return 'The answer did not come from where you were sent to. Nothing was connected: begin again, and if it happens again, tell whoever runs this gateway.'
    case 'registration_unsupported':
    case 'registration_refused':
      return `${host} does not let this gateway register itself. Whoever runs it can register it there, and name it in its configuration (auth.clientId of the server).`
    case 'unreachable':
    case 'timeout':
    case 'http_status':
    case 'closed':
      return `${host}, or where one signs in for it, does not answer at the moment. Try again later.`
    default:
      return `${host} does not offer a sign-in that can be used safely. Nothing was connected. Whoever runs this gateway can read why in its log.`
  }
}
