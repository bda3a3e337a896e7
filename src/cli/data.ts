/** Opens the data directory for one command and closes it again, whatever happens. @module */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Data, openData, resolveDataDir } from '../vault/index.ts'
import { CliError } from './errors.ts'
import { createOutput } from './output.ts'

/** The flag, the environment, a configuration found from here upwards, the platform's place: as `guard` does. */
async function placeOf(dataDir: string | undefined): Promise<{ readonly dataDir: string; readonly kms?: string | undefined }> {
  if (dataDir || process.env.SALLYPORT_DATA_DIR) return { dataDir: resolveDataDir(dataDir) }
  const { loadConfig } = await import('../gateway/index.ts')
  const config = loadConfig({ cwd: process.cwd(), env: process.env })
  return { dataDir: resolveDataDir(config.dataDir), kms: config.kms }
}

/** For commands that may be the first to be run: what is not there is made. */
export async function withData<T>(dataDir: string | undefined, use: (data: Data) => Promise<T>): Promise<T> {
  return withDataIn(await placeOf(dataDir), use)
}

async function withDataIn<T>(place: Awaited<ReturnType<typeof placeOf>>, use: (data: Data) => Promise<T>): Promise<T> {
  const data = await openData(place)
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
  const place = await placeOf(dataDir)
  const dir = place.dataDir
  if (!existsSync(join(dir, 'sallyport.db')))
    throw new CliError('E-NOT-FOUND', `there is no data in ${dir}`, 'name the folder that guard uses with --data-dir or SALLYPORT_DATA_DIR')
  return withDataIn(place, use)
}
