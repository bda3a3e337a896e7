/** Opens the data directory for one command and closes it again, whatever happens. @module */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Data, openData, resolveDataDir } from '../vault/index.ts'
import { CliError } from './errors.ts'
import { createOutput } from './output.ts'

/** The flag, the environment, a configuration found from here upwards, the platform's place: as `guard` does. */
async function dirOf(dataDir: string | undefined): Promise<string> {
  if (dataDir || process.env.SALLYPORT_DATA_DIR) return resolveDataDir(dataDir)
  const { loadConfig } = await import('../gateway/index.ts')
  return resolveDataDir(loadConfig({ cwd: process.cwd(), env: process.env }).dataDir)
}

/** For commands that may be the first to be run: what is not there is made. */
export async function withData<T>(dataDir: string | undefined, use: (data: Data) => Promise<T>): Promise<T> {
  const data = await openData({ dataDir: await dirOf(dataDir) })
  const { newFile } = data.master
  if (newFile !== undefined) createOutput(false).note(`The master key was made: keep a copy of ${newFile} in a safe place.`)
  try {
    return await use(data)
  } finally {
    await data.store.close()
  }
}

/** For commands that only look: a mistyped folder is not made, and is not reported as an empty one. */
export async function withExistingData<T>(dataDir: string | undefined, use: (data: Data) => Promise<T>): Promise<T> {
  const dir = await dirOf(dataDir)
  if (!existsSync(join(dir, 'sallyport.db')))
    throw new CliError('E-NOT-FOUND', `there is no data in ${dir}`, 'name the folder that guard uses with --data-dir or SALLYPORT_DATA_DIR')
  return withData(dir, use)
}
