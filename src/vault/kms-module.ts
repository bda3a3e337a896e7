/**
 * A key management service, by a module that the operator names (`SALLYPORT_KMS=./kms.ts`, or `keys.kms` in `sallyport.yaml`). Its default export is a `KeyWrapper`, or a
 * function that makes one. It runs with our rights: a file that others can write to is refused, and so is what is no `KeyWrapper`.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError, problemOf } from '../core/index.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { requireOurs } from './require-ours.ts'

/** @param source what is named in errors. @throws {ConfigError} */
export async function loadKms(named: string, source: string): Promise<KeyWrapper> {
  const file = resolve(named)
  if (!existsSync(file)) throw new ConfigError([`${source}: ${file} does not exist. It names a module that exports a KeyWrapper.`])
  requireOurs(file, 'It would run with your rights.')
  let made: unknown
  try {
    const { default: exported } = (await import(pathToFileURL(file).href)) as { default?: unknown }
    made = typeof exported === 'function' ? await exported() : exported
  } catch (error) {
    throw new ConfigError([`${source}: ${file} cannot be loaded (${problemOf(error)}).`])
  }
  if (!isKeyWrapper(made))
    throw new ConfigError([
      `${source}: ${file} needs a default export with the methods current, wrap and unwrap, or a function that makes one.`,
    ])
  return made
}

export const isKeyWrapper = (value: unknown): value is KeyWrapper =>
  ['current', 'wrap', 'unwrap'].every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function')
