// What lies beside the repository and is not part of it: the guide, and data to measure with. A test that needs it says that it
// skipped where it is absent.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInThisContext } from 'node:vm'
import { ROOT } from './paths.ts'

const shared = join(ROOT, '..', 'shared')

/** The options of a test that needs these files. */
export function needs(...paths: readonly string[]): { skip: string | false } {
  const absent = paths.filter((path) => !existsSync(join(shared, path)))
  return { skip: absent.length > 0 && `../shared/${absent.join(', ../shared/')} is not here` }
}

export const readShared = (path: string): string => readFileSync(join(shared, path), 'utf8')

/** The rows of a file with one JSON object a line. */
export const rowsOf = <Row>(path: string): Row[] =>
  readShared(path)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))

/** The object literal that the guide assigns to `name`, evaluated. */
export function fromGuide(name: string): unknown {
  const found = new RegExp(`const ${name} = (\\{[\\s\\S]*?\\n\\});`).exec(readShared(GUIDE))
  if (!found) throw new Error(`the guide has no ${name}`)
  return runInThisContext(`(${found[1]})`)
}

export const GUIDE = 'seed/000_fe67008ac619fe11.txt'
