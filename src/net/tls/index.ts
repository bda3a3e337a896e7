export { createTlsKeeper, type TlsKeeper, type TlsKeeperOptions } from './keeper.ts'
export { type TlsOptions, tlsSchema } from './settings.ts'
