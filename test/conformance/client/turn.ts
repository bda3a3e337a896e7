// Starts the program when it has its turn: node turn.ts FOLDER PROGRAM URL. The suite starts one for each scenario at once, and each would wait
// for all the others to load; on two cores the deadlines of either side would pass. A turn is a folder, which only one process can make.

import { mkdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const AT_ONCE = 2 * availableParallelism()
/** Whoever had it was ended and could not give it back. */
const ABANDONED_MS = 45_000

const [folder = '', program = ''] = process.argv.slice(2)
const turns = Array.from({ length: AT_ONCE }, (_, index) => join(folder, `turn-${index}`))
let turn: string | undefined
while ((turn = turns.find(take)) === undefined) await sleep(50)
const mine = turn
process.once('exit', () => rmSync(mine, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit(143))
await import(pathToFileURL(program).href)

function take(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    // The suite has ended, and the folder with it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - since > ABANDONED_MS) rmSync(path, { recursive: true, force: true })
    return false
  }
}
