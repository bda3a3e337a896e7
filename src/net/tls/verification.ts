/**
 * Whether this process was started with Node told to believe every certificate. Our own connections verify all the same (`dialer.ts` says
 * so to each); but whatever else runs in the process does not, and whoever set it expects what will not happen.
 *
 * Fails closed: nothing is served and no server is called, unless a second variable says that it is meant.
 *
 * @module
 */

import { ConfigError, type Log } from '../../core/index.ts'

type Env = Readonly<Record<string, string | undefined>>

const MEANT = 'SALLYPORT_DANGEROUSLY_UNVERIFIED_TLS'

/** What Node itself takes for an order to verify nothing. */
export const isVerificationOff = (env: Env): boolean => env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'

/** @throws {ConfigError} where it is off and nobody says that it is meant. */
export function requireVerification(env: Env, log: Log): void {
  if (!isVerificationOff(env)) return
  if (env['SALLYPORT_DANGEROUSLY_UNVERIFIED_TLS'] !== '1')
    throw new ConfigError([
      `NODE_TLS_REJECT_UNAUTHORIZED: is 0, which makes Node believe every certificate: unset it, and name the authority of your own in NODE_EXTRA_CA_CERTS. For a process that needs it elsewhere: ${MEANT}=1`,
    ])
  log('warn', `${MEANT}: whatever else runs in this process believes every certificate; the connections of Sallyport are verified`)
}
