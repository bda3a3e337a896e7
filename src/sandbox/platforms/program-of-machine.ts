/** A program of the machine, where distributions have it: a PATH is anybody's to change. @module */

import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

export const programOfMachine = (name: string): string | undefined =>
  ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((folder) => join(folder, name)).find(isProgram)

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
