/** An explanation as lines for people. Pure. @module */

import type { Limits } from '../grants/grants.ts'
import type { Explanation, Reach } from './explanation.ts'

const DEPTHS: Readonly<Record<Explanation['depth'], string>> = {
  bubblewrap: 'bubblewrap: namespaces of its own, a filter for system calls, limits',
  'sandbox-runtime': 'the sandbox of the system, by way of @anthropic-ai/sandbox-runtime',
  'node-permission': 'the permissions of Node, and limits',
  none: 'no sandbox',
  process: 'no sandbox: a function of the server',
  elsewhere: 'not started here',
}

export interface Line {
  readonly label: string
  readonly text: string
}

/** `path`: how a path is written for whoever reads this. */
export function explanationLines({ depth, reach, notes, missing }: Explanation, path: (path: string) => string = (same) => same): Line[] {
  return [
    { label: 'sandbox', text: DEPTHS[depth] },
    ...(reach === undefined ? [] : reachLines(reach, path)),
    ...notes.map((text) => ({ label: '', text })),
    ...missing.map((text) => ({ label: 'missing', text })),
  ]
}

/** What it may all the same, as every program in a sandbox, is in the notes below. */
const NO_GRANT = 'nothing is granted'

const WIDTH = 'variables'.length

/** With its name above it. */
export const explanationText = (explanation: Explanation): string =>
  [explanation.name, ...explanationLines(explanation).map(({ label, text }) => `  ${label.padEnd(WIDTH)}  ${text}`)].join('\n')

function reachLines({ read, write, net, env, run, code, home, limits }: Reach, path: (path: string) => string): Line[] {
  return [
    { label: 'reads', text: list([...read, ...write].map(path), NO_GRANT) },
    { label: 'writes', text: list(write.map(path), NO_GRANT) },
    { label: 'connects', text: list(net, 'to nothing') },
    { label: 'variables', text: list(env, 'none') },
    { label: 'starts', text: list(run, NO_GRANT) },
    // Of a package that is installed when it is started, and of what the system has, other lines tell.
    ...(code.length > 0 ? [{ label: 'its code', text: list(code.map(path), '') }] : []),
    { label: 'its home', text: home === undefined ? 'empty at each start, gone with it' : `${path(home)}, which stays` },
    { label: 'limits', text: limitWords(limits) },
  ]
}

const list = (values: readonly string[], none: string): string => (values.length === 0 ? none : [...new Set(values)].join(', '))

function limitWords({ timeoutMs, memoryMb, cpuSeconds, maxProcesses, maxOutputBytes, scratchMb }: Partial<Limits>): string {
  return [
    timeoutMs !== undefined && `${timeoutMs / 1000} s a call`,
    memoryMb !== undefined && `${memoryMb} MiB of memory`,
    cpuSeconds !== undefined && `${cpuSeconds} s of processor time`,
    maxProcesses !== undefined && `${maxProcesses} processes and threads`,
    maxOutputBytes !== undefined && `${Math.ceil(maxOutputBytes / 1024)} KiB of output`,
    scratchMb !== undefined && `${scratchMb} MiB in /tmp`,
  ]
    .filter(Boolean)
    .join(' · ')
}
