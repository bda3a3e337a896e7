export { createWebSockets, type WebSockets } from './sockets.ts'
