// What end-to-end tests are made of: a real guard, a client that hides nothing, child processes, temporary folders.

export { type Child, type Finished, firstLine, type RunOptions, run, start, stop } from './child.ts'
export { ALL_SCOPES, type Guard, type GuardOptions, SALLYPORT, startGuard } from './guard.ts'
export { type Answer, type McpClient, type McpOptions, mcp, type Stream, type Version } from './mcp.ts'
export { bin, createTempDir, findFreePort, ROOT, type TempDir, withBin } from './paths.ts'
export type { Json } from './sse.ts'
export { createTokenProxy, type TokenProxy } from './token-proxy.ts'
