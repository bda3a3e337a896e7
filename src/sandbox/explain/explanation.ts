/**
 * What something could reach, and what it could not: told before it runs, in one form for tools, guarded servers and whatever else
 * has grants. Pure: whoever asks knows the depth.
 *
 * @module
 */

import type { Depth, Program } from '../confine/confinement.ts'
import { showDestination } from '../grants/destination.ts'
import type { Limits } from '../grants/grants.ts'

export interface Explanation {
  readonly name: string
  /** `process`: it runs in ours. `elsewhere`: it does not run here. */
  readonly depth: Depth | 'process' | 'elsewhere'
  /** What is granted beside the code that it needs to run. Everywhere, where there is no sandbox: undefined. */
  readonly reach: Reach | undefined
  /** What that means: sentences. */
  readonly notes: readonly string[]
  /** What this depth does not hold off. */
  readonly missing: readonly string[]
}

export interface Reach {
  readonly read: readonly string[]
  readonly write: readonly string[]
  readonly net: readonly string[]
  /** Names, never values. */
  readonly env: readonly string[]
  readonly run: readonly string[]
  /** Seen without being granted, read only: what it needs in order to run. */
  readonly code: readonly string[]
  /** A folder of its own that stays; undefined: it has none. */
  readonly home: string | undefined
  readonly limits: Partial<Limits>
}

export interface Confinable {
  readonly name: string
  /** What would be started. */
  readonly program: Pick<Program, 'grants' | 'code' | 'home' | 'env' | 'forks' | 'node'>
  /** What it is bounded by; all of its grants' limits unless told. */
  readonly limits?: Partial<Limits> | undefined
}

/** In a sandbox of this depth. */
export function explainConfined({ name, program, limits }: Confinable, depth: Depth, missing: readonly string[]): Explanation {
  const { grants, code, home, env, forks, node = false } = program
  return {
    name,
    depth,
    reach: {
      read: grants.read,
      write: grants.write,
      net: grants.net.map(showDestination),
      env: [...new Set([...Object.keys(env), ...grants.env])].sort(),
      run: grants.run,
      code,
      home,
      limits: limits ?? grants.limits,
    },
    notes: [
      ...(depth === 'bubblewrap' ? inBubblewrap(forks, node, grants.net.length > 0) : []),
      ...(grants.net.length > 0 ? [depth === 'node-permission' ? EVERY_HOST : ADDRESSES, TO_GRANTED_HOSTS] : []),
      ...(grants.run.length > 0 ? [WHAT_IT_STARTS] : []),
    ],
    missing,
  }
}

/** In our own process: a function. */
export const explainInProcess = (name: string, timeoutSeconds: number): Explanation => ({
  name,
  depth: 'process',
  reach: undefined,
  notes: [`It runs in this process: everything that the server itself can reach, with a deadline of ${timeoutSeconds} s.`],
  missing: [],
})

/** As an ordinary process. `why`: a sentence. */
export const explainUnconfined = (name: string, why: string): Explanation => ({
  name,
  depth: 'none',
  reach: undefined,
  notes: [`${why} It can do whatever you can.`],
  missing: [],
})

/** On another machine, or at least not started by us. */
export const explainElsewhere = (name: string): Explanation => ({
  name,
  depth: 'elsewhere',
  reach: undefined,
  notes: ['It is reached over the network and not started here: what it can do is decided where it runs.'],
  missing: [],
})

const ADDRESSES =
  'A name leads to public addresses alone; a private one has to be granted as an address, and link-local and metadata addresses are never reached.'
const EVERY_HOST = 'Here that opens the whole network to it: hosts and ports are not told apart.'
const TO_GRANTED_HOSTS = 'Whatever it can read it can send to where it may connect.'
const WHAT_IT_STARTS = 'A program that it may start can do in the sandbox whatever it can do.'

function inBubblewrap(forks: boolean, isNode: boolean, connects: boolean): string[] {
  return [
    isNode
      ? 'Of the system it sees the libraries that Node is linked with, and no programs but those that it may start.'
      : 'It sees /usr as every installation of this system has it, and may start what is there.',
    'Nothing else is there for it: no other file or home, no other process, no device and no socket. It has no privileges.',
    connects ? 'Of the network nothing else is there; every connection is on record.' : 'There is no network.',
    ...(forks ? [] : ['It starts no processes but those that it may start.']),
  ]
}
