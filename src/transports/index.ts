export {
  type CorsOptions,
  corsSchema,
  createAddressOf,
  createCors,
  createDoor,
  createEndpoint,
  createLimitAnswer,
  createListener,
  createMounted,
  createRouter,
  createSessions,
  createUnreached,
  createUnsent,
  type Listener,
  loopbackOrigins,
  type Mounted,
  type ProxyOptions,
  peerAddress,
  proxySchema,
  type Router,
} from './http/index.ts'
export { createStdioTransport, readLines, type StdioTransport } from './stdio/index.ts'
export { createWebSockets, type WebSockets } from './websocket/index.ts'
