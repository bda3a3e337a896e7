/** Headers with secrets beside another credential: a request carries both, or is not sent. @module */

import { allow, type Decision } from '../../core/index.ts'
import type { CredentialHeaders } from '../credentials/credentials.ts'
import type { PersonalCredentials } from '../credentials/personal.ts'

/** What is refused is renewed by `other` first, whose challenges the server speaks. */
export function withSecrets(other: PersonalCredentials, secrets: PersonalCredentials): PersonalCredentials {
  const both = (one: Decision<CredentialHeaders>, two: Decision<CredentialHeaders>): Decision<CredentialHeaders> =>
    !one.allowed ? one : !two.allowed ? two : allow({ ...one.value, ...two.value })
  const stopBoth = (one: () => void, two: () => void) => (): void => {
    one()
    two()
  }
  return {
    credentials: {
      present(principal) {
        const [one, two] = [secrets.credentials.present(principal), other.credentials.present(principal)]
        return one instanceof Promise || two instanceof Promise ? Promise.all([one, two]).then((given) => both(...given)) : both(one, two)
      },
      async renew(principal, presented, challenge) {
        const renewed = await other.credentials.renew(principal, presented, challenge)
        return renewed
          ? both(await secrets.credentials.present(principal), renewed)
          : secrets.credentials.renew(principal, presented, challenge)
      },
    },
    isPersonal: () => other.isPersonal() || secrets.isPersonal(),
    onPersonal: (listener) => stopBoth(other.onPersonal(listener), secrets.onPersonal(listener)),
    onConnected: (listener) => stopBoth(other.onConnected(listener), secrets.onConnected(listener)),
    async close() {
      await Promise.all([other.close(), secrets.close()])
    },
  }
}
