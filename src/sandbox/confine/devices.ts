/** The devices of a confined program: those that are nobody's. @module */

import type { Step } from './mounts.ts'

const DEVICES = ['null', 'full', 'random', 'urandom']
/** Zeros are read of it as well; to map `zero` makes memory that processes share, which no limit counts (`filter.ts`). */
const ZERO: Step = { kind: 'device', source: 'system', at: '/dev/zero', from: '/dev/full' }
const LINKS = { fd: 'fd', stdin: 'fd/0', stdout: 'fd/1', stderr: 'fd/2' }

/** `terminals`: whether it may make some of its own, as a shell in a shell does. */
export function deviceSteps(terminals: boolean): Step[] {
  if (terminals) return [{ kind: 'devices', source: 'system', at: '/dev' }, ZERO]
  return [
    ZERO,
    ...DEVICES.map((name): Step => ({ kind: 'device', source: 'system', at: `/dev/${name}` })),
    ...Object.entries(LINKS).map(([name, to]): Step => ({ kind: 'link', source: 'system', at: `/dev/${name}`, to: `/proc/self/${to}` })),
  ]
}
