/** What data keys are wrapped with here: a key management service, or master keys that this process has. @module */

import { join } from 'node:path'
import { ConfigError } from '../core/index.ts'
import type { Keys } from './key-file.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { loadKms } from './kms-module.ts'
import { createLocalWrapper } from './local-wrapper.ts'
import { createMasterKeys, type Env, type MasterKeys, SOURCES } from './master-keys.ts'
import { openBegun } from './passphrase-keys.ts'

export interface Master extends Pick<MasterKeys, 'source' | 'newFile'> {
  readonly wrapper: KeyWrapper
  /** Undefined where a service has them. */
  readonly keys?: MasterKeys | undefined
}

export interface MasterOptions {
  readonly dir: string
  readonly env: Env
  /** There are data keys already. */
  readonly isInUse?: boolean
  /** In place of the module that the environment names. */
  readonly kms?: KeyWrapper | string | undefined
}

/** @throws {ConfigError} where the keys are not safe, not there, or named twice. */
export async function createMaster({ dir, env, isInUse = false, kms }: MasterOptions): Promise<Master> {
  const named = env['SALLYPORT_KMS']
  const other = SOURCES.find((name) => env[name])
  const [one, another] = [kms && 'keys.kms', named && 'SALLYPORT_KMS', other].filter(Boolean)
  if (one && another) throw new ConfigError([`${one} and ${another} are both set: keep one.`])
  if (typeof kms === 'string') return { wrapper: await loadKms(kms, 'keys.kms'), source: 'keys.kms' }
  if (kms) return { wrapper: kms, source: 'keys.kms' }
  if (named) return { wrapper: await loadKms(named, 'SALLYPORT_KMS'), source: 'SALLYPORT_KMS' }
  const keys = withBegun(createMasterKeys({ file: join(dir, 'master.key'), env, isInUse }), join(dir, 'passphrase.json'))
  const { source, newFile } = keys
  return { wrapper: createLocalWrapper(keys.now), source, newFile, keys }
}

/** A change to a passphrase was killed: some is wrapped with a key that is sealed under those that there are. Nothing new is. */
function withBegun(keys: MasterKeys, file: string): MasterKeys {
  const begun = keys.isPassphrase ? [] : openBegun(file, keys.now())
  if (begun.length === 0) return keys
  let before: Keys | undefined
  let all = keys.now()
  return {
    ...keys,
    now() {
      const found = keys.now()
      if (found === before) return all
      before = found
      return (all = [...found, ...begun])
    },
  }
}
