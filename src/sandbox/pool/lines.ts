/** What a child says, as far as it is believed: nothing is known of it but that it is JSON. @module */

import type { JsonObject, SandboxPermission } from '../../core/index.ts'
import type { ChildError, KernelLimit } from './pool.ts'

/** Undefined: it is none of the protocol's. */
export function parseLine(line: string): JsonObject | undefined {
  // Most of what a program prints is none of ours.
  if (!line.startsWith('{"')) return undefined
  try {
    return JSON.parse(line) as JsonObject
  } catch {
    return undefined
  }
}

const PERMISSIONS: ReadonlySet<unknown> = new Set<SandboxPermission>(['read', 'write', 'net', 'run', 'other'])
const LIMITS: ReadonlySet<unknown> = new Set<KernelLimit>(['disk', 'processes'])
const MAX_NAME = 128
const MAX_MESSAGE = 16_384

/** Of what it has thrown. */
export function toError(failed: unknown): ChildError {
  const { name, message, permission, limit } = (typeof failed === 'object' && failed !== null ? failed : {}) as JsonObject
  return {
    name: typeof name === 'string' ? name.slice(0, MAX_NAME) : 'Error',
    message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : '',
    ...(PERMISSIONS.has(permission) ? { permission: permission as SandboxPermission } : {}),
    ...(LIMITS.has(limit) ? { limit: limit as KernelLimit } : {}),
  }
}
