export {
  createDoor,
  createEndpoint,
  createFront,
  createSessions,
  type Door,
  type Endpoint,
  type Front,
  type Mount,
  type Reading,
  type Sessions,
} from './http/index.ts'
export { createStdioTransport, readLines, type StdioTransport } from './stdio/index.ts'
