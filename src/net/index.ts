export { type AddressClass, classifyAddress } from './addresses.ts'
export { BlockedAddress, createDialer, type Dialer, type DialerOptions, type Lookup } from './dialer.ts'
