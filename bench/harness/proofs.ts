/** DPoP proofs (RFC 9449) by the thousand, made before a slice begins: the load generators cannot sign. @module */

import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** More than any server answers in a second; each is good once. */
const A_SECOND = 20_000

/** A fresh proof for a request with that credential. */
export type Prove = (authorization: string) => string

export interface Prover {
  readonly prove: Prove
  /** For a request to the token endpoint: of no token yet. */
  readonly proveFor: (url: string) => string
}

export function createProver(resource: string): Prover {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
  function make(claims: object): string {
    const text = `${header}.${encode({ ...claims, htm: 'POST', jti: randomUUID(), iat: Math.floor(Date.now() / 1000) })}`
    return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  return {
    prove: (authorization) =>
      make({ htu: resource, ath: createHash('sha256').update(authorization.replace(/^\S+ /, '')).digest('base64url') }),
    proveFor: (htu) => make({ htu }),
  }
}

/** Answers the path of a file with another one on each line, for so many seconds of load. */
export function writeLines(directory: string, name: string, make: () => string, seconds: number): string {
  const path = join(directory, name)
  writeFileSync(path, `${Array.from({ length: A_SECOND * seconds }, make).join('\n')}\n`, { mode: 0o600 })
  return path
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
