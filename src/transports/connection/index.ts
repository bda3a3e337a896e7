export { type Connection, type ConnectionOptions, createConnection, MAX_UNREAD_BYTES } from './connection.ts'
export { type Caller, type Carrier, ConnectionExchange } from './exchange.ts'
