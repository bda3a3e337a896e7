/**
 * What a confined program sees of the file system, as arguments of bubblewrap. Everything begins empty; each step adds one thing,
 * what lies higher first.
 *
 * Fails closed: where two steps disagree about a path, what was said of it by name decides, and what nobody named is not there.
 *
 * @module
 */

import { dirname, relative, resolve } from 'node:path'

/** In the order in which they decide over one and the same path. */
export type Source = 'given' | 'write' | 'read' | 'hidden' | 'code' | 'system'

export type Step =
  | { readonly kind: 'bind'; readonly source: Source; readonly at: string; readonly from: string; readonly write: boolean }
  | { readonly kind: 'link'; readonly source: Source; readonly at: string; readonly to: string }
  | { readonly kind: 'file'; readonly source: Source; readonly at: string; readonly content: string }
  /** In memory, and anybody's to write. */
  | { readonly kind: 'scratch'; readonly source: Source; readonly at: string; readonly sizeMb: number }
  | { readonly kind: 'device'; readonly source: Source; readonly at: string; readonly from?: string }
  /** All of `/dev`, with terminals. */
  | { readonly kind: 'devices'; readonly source: Source; readonly at: string }
  | { readonly kind: 'hide'; readonly source: 'hidden'; readonly at: string; readonly folder: boolean }

const order: readonly Source[] = ['given', 'write', 'read', 'hidden', 'code', 'system']
const depth = (path: string): number => (path === '/' ? 0 : path.split('/').length - 1)

/** In the order to be done, without what another step does already. */
export function planSteps(steps: readonly Step[]): Step[] {
  const kept = new Map<string, Step>()
  const decided = new Set<string>()
  const sorted = steps.toSorted((a, b) => depth(a.at) - depth(b.at) || order.indexOf(a.source) - order.indexOf(b.source))
  for (const step of sorted) {
    if (decided.has(step.at)) continue
    decided.add(step.at)
    const above = nearest(kept, dirname(step.at))
    if (above === undefined || !isDone(step, above)) kept.set(step.at, step)
  }
  return [...kept.values()]
}

/** The step that decides what is at `path`. */
export function nearest(kept: ReadonlyMap<string, Step>, path: string): Step | undefined {
  for (let at = path; ; at = dirname(at)) {
    const step = kept.get(at)
    if (step !== undefined) return step
    if (at === '/') return undefined
  }
}

/** Whether what is mounted above shows it anyway. */
function isDone(step: Step, above: Step): boolean {
  // Nothing can be made in a link either: what it leads to shows what is there, or does not.
  if (above.kind === 'link') return true
  if (above.kind !== 'bind') return step.kind === 'hide'
  // Nothing can be made in what is mounted: that is as it is outside.
  if (step.kind !== 'bind') return step.kind !== 'hide'
  if (resolve(above.from, relative(above.at, step.at)) !== step.from) return false
  // What may be written can be read, by another grant too; but a program does not write what it runs as.
  return above.write ? step.source !== 'code' && step.source !== 'system' : !step.write
}

/** Makes what a step needs, and answers the number of its descriptor inside. */
export interface Hand {
  /** A file with this in it. */
  content(content: string): number
  /** What is at this path now. Undefined: it can only be mounted by its name. */
  pinned(path: string): number | undefined
}

export function stepArguments(steps: readonly Step[], hand: Hand): string[] {
  const args: string[] = []
  const made = new Set(['/'])
  const mounted = new Map<string, Step>()
  for (const step of steps) {
    args.push(...parentArguments(step.at, made, mounted), ...argumentsOf(step, hand))
    made.add(step.at)
    mounted.set(step.at, step)
  }
  // Only now: what is mounted in them has to be made first.
  for (const step of steps) if (step.kind === 'devices' || (step.kind === 'hide' && step.folder)) args.push('--remount-ro', step.at)
  return args
}

/** bubblewrap makes missing folders for root alone: what is mounted in them would be there for nobody else. */
function parentArguments(at: string, made: Set<string>, mounted: ReadonlyMap<string, Step>): string[] {
  const above = nearest(mounted, dirname(at))
  if (above !== undefined && above.kind !== 'scratch' && above.kind !== 'hide' && above.kind !== 'devices') return []
  const args: string[] = []
  for (let folder = dirname(at); !made.has(folder); folder = dirname(folder)) {
    args.unshift('--perms', '0755', '--dir', folder)
    made.add(folder)
  }
  return args
}

function argumentsOf(step: Step, hand: Hand): string[] {
  switch (step.kind) {
    case 'bind': {
      const bind = step.write ? '--bind' : '--ro-bind'
      // What belongs to the system, nobody can exchange who is not root.
      const file = step.source === 'system' || step.source === 'given' ? undefined : hand.pinned(step.from)
      return file === undefined ? [bind, step.from, step.at] : [`${bind}-fd`, String(file), step.at]
    }
    case 'link':
      return ['--symlink', step.to, step.at]
    case 'file':
      return ['--perms', '0644', '--file', String(hand.content(step.content)), step.at]
    case 'scratch':
      return ['--perms', '1777', '--size', String(step.sizeMb * 1024 * 1024), '--tmpfs', step.at]
    case 'device':
      return ['--dev-bind', step.from ?? step.at, step.at]
    case 'devices':
      return ['--dev', step.at]
    case 'hide':
      // A device in a mount without devices opens for nobody (mount(2), MS_NODEV).
      return step.folder ? ['--perms', '0755', '--size', '4096', '--tmpfs', step.at] : ['--ro-bind', '/dev/null', step.at]
  }
}
