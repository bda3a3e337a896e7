/** Where a code for another device is shown if the program does not say: on stderr, in one line. @module */

import type { DeviceCode } from './device-sign-in.ts'

export const showOnTerminal = ({ userCode, verificationUri }: DeviceCode): void =>
  void process.stderr.write(`To sign in, open ${verificationUri} and enter the code ${userCode}\n`)
