/** A tool's name inside a sentence: it is the server's word, so it is cut, and nothing hides in it. @module */

import { toVisibleLine } from '../trust/index.ts'

export const quoted = (name: string): string => JSON.stringify(toVisibleLine(name.slice(0, 80)))
