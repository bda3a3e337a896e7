export { readLines } from './lines.ts'
export { createStdioTransport, type StdioOptions, type StdioTransport } from './stdio.ts'
