/** Why a tool's module was refused or ended, for callers: which tool, and what of it. Never a path, a host or a value. @module */

import type { SandboxEnd, SandboxPermission } from '../../core/index.ts'
import type { Limits } from '../../sandbox/index.ts'

const tried: Readonly<Record<SandboxPermission, string>> = {
  read: 'read what it was not granted',
  write: 'write where it was not granted to',
  net: 'connect to where it was not granted to',
  run: 'start what it was not granted',
  other: 'do what it was not granted',
}

export const wasRefused = (name: string, permission: SandboxPermission): string => `The tool ${name} tried to ${tried[permission]}.`

export function stoppedBy(name: string, why: SandboxEnd, limits: Limits): string {
  return `The tool ${name} ${ends(limits)[why]}.`
}

const ends = ({
  timeoutMs,
  cpuSeconds,
  memoryMb,
  maxProcesses,
  maxOutputBytes,
  scratchMb,
}: Limits): Readonly<Record<SandboxEnd, string>> => ({
  time: `took longer than the ${timeoutMs} ms that it may take`,
  cpu: `used more than the ${cpuSeconds ?? 'few'} s of processor time that it may use`,
  memory: `used more than the ${memoryMb} MiB of memory that it may use`,
  processes: `needed more processes than it can have: ${maxProcesses} at most, threads among them`,
  output: `wrote more than the ${maxOutputBytes} bytes that it may answer`,
  disk: `wrote more than its place on the disk: ${scratchMb} MiB of its own, and what its folders have left`,
  uncovered: 'was ended, since a file that is hidden from it was replaced',
  crash: 'ended before it answered',
})
