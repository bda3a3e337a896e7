/**
 * Node's `http`, not by `import`: that reads each of its exports to name them, `WebSocket` too, for which Node loads a `fetch` of its
 * own that nobody here asks for: 50 ms and 13 MB in each process that serves.
 *
 * @module
 */

export const http: typeof import('node:http') = process.getBuiltinModule('node:http')
