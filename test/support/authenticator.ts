/** An authenticator in software: makes passkeys and signs with them as a device does (WebAuthn Level 3), as exactly or as wrongly as told. */

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Quirks {
  /** The page that asks, where it is not the one that it should be. */
  readonly origin?: string
  readonly rpId?: string
  /** Nobody touched it, or showed who they are. */
  readonly present?: boolean
  readonly verified?: boolean
  /** What its counter says; otherwise it grows by one. 0: it has none, like a synced passkey. */
  readonly counter?: number
  readonly userHandle?: string
  readonly type?: string
}

interface Options {
  readonly challenge: string
  readonly rp?: { readonly id?: string | undefined }
  readonly rpId?: string | undefined
  readonly user?: { readonly id: string }
}

export interface Authenticator {
  readonly id: string
  /** The answer to options for a new passkey, as the browser sends it. */
  create(options: Options, quirks?: Quirks): string
  /** The answer to options for signing in. */
  get(options: Options, quirks?: Quirks): string
}

const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

export function createAuthenticator(origin: string): Authenticator {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = randomBytes(32)
  const id = credentialId.toString('base64url')
  let counter = 0
  let userHandle = ''

  const clientData = (type: string, { challenge }: Options, quirks: Quirks): Buffer =>
    Buffer.from(JSON.stringify({ type: quirks.type ?? type, challenge, origin: quirks.origin ?? origin, crossOrigin: false }))
  function authData(rpId: string, quirks: Quirks, attested?: Buffer): Buffer {
    counter = quirks.counter ?? counter + 1
    const flags = (quirks.present === false ? 0 : PRESENT) | (quirks.verified === false ? 0 : VERIFIED) | (attested ? ATTESTED : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags]), count, attested ?? Buffer.alloc(0)])
  }
  const rpIdOf = ({ rp, rpId }: Options, quirks: Quirks): string => quirks.rpId ?? rp?.id ?? rpId ?? new URL(origin).hostname

  return {
    id,
    create(options, quirks = {}) {
      userHandle = options.user?.id ?? ''
      const length = Buffer.alloc(2)
      length.writeUInt16BE(credentialId.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, credentialId, coseOf(publicKey)])
      const data = authData(rpIdOf(options, quirks), quirks, attested)
      // CBOR: { fmt: 'none', attStmt: {}, authData: bytes }
      const attestationObject = Buffer.concat([
        Buffer.from([0xa3]),
        text('fmt'),
        text('none'),
        text('attStmt'),
        Buffer.from([0xa0]),
        text('authData'),
        bytes(data),
      ])
      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData('webauthn.create', options, quirks).toString('base64url'),
          attestationObject: attestationObject.toString('base64url'),
          transports: ['internal'],
        },
      })
    },
    get(options, quirks = {}) {
      const data = authData(rpIdOf(options, quirks), quirks)
      const client = clientData('webauthn.get', options, quirks)
      const signature = sign('sha256', Buffer.concat([data, createHash('sha256').update(client).digest()]), privateKey)
      return JSON.stringify({
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: signature.toString('base64url'),
          userHandle: quirks.userHandle ?? userHandle,
        },
      })
    },
  }
}

/** COSE_Key of an ES256 key (RFC 9053 §7.1.1): { 1: 2, 3: -7, -1: 1, -2: x, -3: y }. */
function coseOf(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    bytes(Buffer.from(x, 'base64url')),
    Buffer.from([0x22]),
    bytes(Buffer.from(y, 'base64url')),
  ])
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
function bytes(value: Buffer): Buffer {
  const head = value.length < 256 ? Buffer.from([0x58, value.length]) : Buffer.from([0x59, value.length >> 8, value.length & 255])
  return Buffer.concat([head, value])
}
