/**
 * Whether what something asks for lies within the most that it may have. Pure.
 *
 *   what is wanted, the most: Grants ─ beyond ─▶ what lies outside, in the language of grants
 *
 * Fails closed: what is not seen to lie within lies outside. Both have their links followed: what is compared is what would be granted.
 *
 * @module
 */

import { matchesDestination, showDestination } from './destination.ts'
import type { Grants, Limits, SandboxOptions } from './grants.ts'
import { isWithin } from './within.ts'

const kinds = ['read', 'write', 'net', 'env', 'run'] as const
const limits = ['timeoutMs', 'memoryMb', 'cpuSeconds', 'maxProcesses', 'maxOutputBytes', 'scratchMb'] as const

/** Nothing named: it is all within. */
export function beyond(wanted: Grants, most: Grants): SandboxOptions {
  const isIn = (path: string, folders: readonly string[]): boolean => folders.some((folder) => isWithin(path, folder))
  return named({
    // What may be written may be read.
    read: wanted.read.filter((path) => !isIn(path, [...most.read, ...most.write])),
    write: wanted.write.filter((path) => !isIn(path, most.write)),
    // A star that stands further below is a name below.
    net: wanted.net.filter((to) => !most.net.some((grant) => matchesDestination(grant, to))).map(showDestination),
    env: wanted.env.filter((name) => !most.env.includes(name)),
    run: wanted.run.filter((program) => !most.run.includes(program)),
    ...Object.fromEntries(
      limits.filter((name) => boundOf(wanted, name) > boundOf(most, name)).map((name) => [name, boundOf(wanted, name)]),
    ),
  })
}

const boundOf = ({ limits }: Grants, name: keyof Limits): number => limits[name] ?? Number.POSITIVE_INFINITY

/** What holds where nothing is said: the default, or the most where that is less. */
export const lowered = (defaults: Limits, most: Limits): Limits => ({
  timeoutMs: Math.min(defaults.timeoutMs, most.timeoutMs),
  memoryMb: Math.min(defaults.memoryMb, most.memoryMb),
  cpuSeconds:
    defaults.cpuSeconds && most.cpuSeconds ? Math.min(defaults.cpuSeconds, most.cpuSeconds) : (defaults.cpuSeconds ?? most.cpuSeconds),
  maxProcesses: Math.min(defaults.maxProcesses, most.maxProcesses),
  maxOutputBytes: Math.min(defaults.maxOutputBytes, most.maxOutputBytes),
  scratchMb: Math.min(defaults.scratchMb, most.scratchMb),
})

/** All that one or the other names. */
export function together(one: SandboxOptions, other: SandboxOptions): SandboxOptions {
  const lists = kinds.map((kind) => [kind, [...new Set([...(one[kind] ?? []), ...(other[kind] ?? [])])]])
  const bounds = limits.map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)])
  return named(Object.fromEntries([...lists, ...bounds]))
}

const named = (options: SandboxOptions): SandboxOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value)))
