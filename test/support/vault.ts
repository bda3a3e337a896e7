/** The vault that belongs to a key ring in memory: whoever shares the ring, as two nodes do, shares this too. @module */

import { createMemoryVault, type KeyRing, type Vault } from '../../src/vault/index.ts'

const vaults = new WeakMap<KeyRing, Vault>()

export function vaultOf(keyRing: KeyRing): Vault {
  const vault = vaults.get(keyRing) ?? createMemoryVault()
  vaults.set(keyRing, vault)
  return vault
}
