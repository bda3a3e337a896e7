export { createTlsKeeper, type TlsKeeper } from './keeper.ts'
export { type TlsOptions, tlsSchema } from './settings.ts'
