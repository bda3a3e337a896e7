export { type ConnectionOptions, createConnection } from './connection.ts'
