export { addressGroup } from './address-group.ts'
export { type AddressClass, classifyAddress, isLoopbackHost, isLoopbackName, LOOPBACK_NAMES } from './addresses.ts'
export { BlockedAddress, createDialer, type Dialer, type DialerOptions, type Lookup } from './dialer.ts'
export { createTlsKeeper, type TlsKeeper, type TlsKeeperOptions, type TlsOptions, tlsSchema } from './tls/index.ts'
