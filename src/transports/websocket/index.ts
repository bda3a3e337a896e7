export { createWebSockets, type WebSockets, type WebSocketsOptions } from './sockets.ts'
