// The code of the guide, block by block, as it stands there: the text has no marks around code, so that a block is told by how it
// begins and by its brackets.

import { GUIDE, readShared } from './shared.ts'

const begins = /^(?:\/\/|const |await |console\.)/

/** Every block of code in the guide, in order. */
export function guideBlocks(): string[] {
  const blocks: string[] = []
  let block: string[] = []
  let depth = 0
  for (const line of readShared(GUIDE).split('\n')) {
    if (depth > 0 || begins.test(line)) {
      block.push(line)
      depth += balance(line)
    } else if (block.length > 0) {
      blocks.push(block.join('\n'))
      block = []
    }
  }
  return block.length > 0 ? [...blocks, block.join('\n')] : blocks
}

/** How many brackets a line opens more than it closes; what stands behind `//` outside a text does not count. */
function balance(line: string): number {
  const code = line.replace(/'[^']*'/g, "''").replace(/\/\/.*$/, '')
  return (code.match(/[{[(]/g) ?? []).length - (code.match(/[}\])]/g) ?? []).length
}

const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...values: unknown[]) => Promise<unknown>

/** Runs a block with the names that it leaves free, and answers the value of `result`. */
export function runBlock(block: string, free: Readonly<Record<string, unknown>>, result = 'undefined'): Promise<unknown> {
  return new AsyncFunction(...Object.keys(free), `'use strict';\n${block}\nreturn ${result}`)(...Object.values(free))
}
