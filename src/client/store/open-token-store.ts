/** Which store a client has: what its options say, in memory unless told. @module */

import type { Clock, Log } from '../../core/index.ts'
import { createFileTokenStore, createKeychainTokenStore } from './file-store.ts'
import { createMemoryTokenStore } from './memory-store.ts'
import type { TokenStore } from './token-store.ts'

export interface TokenStoreOptions {
  readonly tokenStore?: 'memory' | 'file' | 'keychain' | TokenStore | undefined
  readonly dataDir?: string | undefined
  readonly clock?: Clock | undefined
  readonly log: Log
}

/** @throws {ConfigError} where the keychain's package is not installed. */
export function openTokenStore({ tokenStore = 'memory', dataDir, clock, log }: TokenStoreOptions): TokenStore {
  // In memory unless told: a web application with many people must not share a sign-in by accident.
  if (tokenStore === 'memory') return createMemoryTokenStore({ clock, log })
  if (tokenStore === 'file') return createFileTokenStore({ dataDir, clock, log })
  if (tokenStore === 'keychain') return createKeychainTokenStore({ dataDir, clock, log })
  return tokenStore
}

const methods = ['read', 'write', 'remove', 'exclusively'] as const

/** Whether it has the four methods. */
export const isTokenStore = (value: unknown): value is TokenStore =>
  typeof value === 'object' && value !== null && methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
