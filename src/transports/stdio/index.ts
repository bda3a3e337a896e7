export { readLines } from './lines.ts'
export { createStdioTransport, type StdioTransport } from './stdio.ts'
