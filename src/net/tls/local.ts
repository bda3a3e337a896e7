/**
 * `tls: 'local'`: a certificate for this machine, kept in a folder of the data directory and renewed long before it ends. The
 * authority above it is made once, so that whoever trusts it has to say so once.
 *
 * Every file is complete and private before it has its name. Fails closed: what cannot be written stops the start.
 *
 * @module
 */

import { mkdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Clock, ConfigError, createId, writePrivateFile } from '../../core/index.ts'
import { createAuthority, createLocalCertificate, isGoodUntil, type KeyPair } from './certificates.ts'

export interface LocalCertificate {
  /** Files, in PEM. */
  readonly cert: string
  readonly key: string
  /** What a client has to trust: for `NODE_EXTRA_CA_CERTS`. */
  readonly authority: string
}

const DAY_MS = 24 * 3_600_000
const AUTHORITY = { days: 5 * 365, renewMs: 60 * DAY_MS }
const CERTIFICATE = { days: 90, renewMs: 30 * DAY_MS }

/**
 * What is there and good for a while, else made now. Called again now and then while a server runs.
 *
 * @throws {ConfigError} where the folder cannot be written.
 */
export async function ensureLocalCertificate(dir: string, clock: Clock): Promise<LocalCertificate> {
  // Certificate and key in one file each: there is no moment at which they do not belong together.
  const files = { authority: join(dir, 'authority.pem'), pair: join(dir, 'localhost.pem'), trust: join(dir, 'ca.pem') }
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const authority = await ensureAuthority(files.authority, clock)
    if (read(files.trust) !== authority.cert) writePrivateFile(files.trust, authority.cert, { first: false })
    const known = readPair(files.pair)
    if (!known || !isGoodUntil(known, clock() + CERTIFICATE.renewMs, authority)) {
      const made = await createLocalCertificate(authority, { from: clock(), days: CERTIFICATE.days })
      writePrivateFile(files.pair, made.cert + made.key, { first: false })
    }
    return { cert: files.pair, key: files.pair, authority: files.trust }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new ConfigError([`tls: the local certificate cannot be kept in ${dir} (${code}): use a data directory that you own`])
  }
}

async function ensureAuthority(file: string, clock: Clock): Promise<KeyPair> {
  const known = readPair(file)
  if (known && isGoodUntil(known, clock() + AUTHORITY.renewMs)) return known
  // The name tells people what they trust; the number tells two of them apart.
  const name = `CN=Sallyport local ${createId('', 6)}, O=${hostname().replace(/[^\w.-]/g, '-')}`
  const made = await createAuthority(name, { from: clock(), days: AUTHORITY.days })
  writePrivateFile(file, made.cert + made.key, { first: known === undefined })
  return readPair(file) as KeyPair
}

function readPair(file: string): KeyPair | undefined {
  const text = read(file) ?? ''
  const [cert] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(text) ?? []
  const [key] = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(text) ?? []
  return cert === undefined || key === undefined ? undefined : { cert, key }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
