/**
 * TLS while a server runs: a certificate that is exchanged on disk is served from the next connection on, and nobody who is
 * connected notices. Files are looked at, not watched: a watch is lost where a file is replaced by a link to another, which is
 * how orchestrators do it.
 *
 * Fails closed at the start (ConfigError). Later a broken file changes nothing but the log: what was served is served on.
 *
 * @module
 */

import { statSync } from 'node:fs'
import type { SecureContextOptions, Server } from 'node:tls'
import { type Clock, ConfigError, type Log, problemOf } from '../../core/index.ts'
import { ensureLocalCertificate } from './local.ts'
import { filesOf, type LoadedTls, loadTls, type TlsOptions } from './settings.ts'

export interface TlsKeeper {
  /** For `https.createServer`. */
  readonly serverOptions: SecureContextOptions & { readonly requestCert: boolean; readonly rejectUnauthorized: boolean }
  /** Gives the server each new certificate as it comes. */
  keep(server: Server): void
  close(): void
}

export interface TlsKeeperOptions {
  readonly tls: TlsOptions | 'local'
  /** Where the certificate of `local` is kept. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  readonly lookEveryMs?: number
}

const LOOK_EVERY_MS = 2_000
const RENEW_EVERY_MS = 3_600_000
const SOON_MS = 14 * 24 * 3_600_000

/** @throws {ConfigError} naming every problem. */
export async function createTlsKeeper({ tls, dir, clock, log, lookEveryMs = LOOK_EVERY_MS }: TlsKeeperOptions): Promise<TlsKeeper> {
  const local = tls === 'local' ? await ensureLocalCertificate(dir, clock) : undefined
  const options: TlsOptions = local ? { cert: local.cert, key: local.key } : (tls as TlsOptions)
  const files = filesOf(options)
  // Looked at before they are read: what changes in between is found the next time.
  let seen = look(files)
  const first = loadTls(options)
  if ('problems' in first) throw new ConfigError(first.problems)
  const servers = new Set<Server>()
  tellOfEnd(first)
  if (local)
    log('info', 'TLS with a certificate of this machine: clients trust it once they are started with NODE_EXTRA_CA_CERTS', {
      NODE_EXTRA_CA_CERTS: local.authority,
    })

  function tellOfEnd({ endsAt }: LoadedTls): void {
    const days = Math.floor((endsAt - clock()) / (24 * 3_600_000))
    if (endsAt < clock()) log('warn', 'the TLS certificate has ended: clients will refuse it', { ended: new Date(endsAt).toISOString() })
    else if (endsAt < clock() + SOON_MS) log('warn', 'the TLS certificate ends soon', { days })
  }

  function reload(): void {
    const now = look(files)
    if (now === seen) return
    seen = now
    const loaded = loadTls(options)
    if ('problems' in loaded) {
      log('error', 'the new TLS files cannot be used: what was served before is served on', { problems: loaded.problems.join('; ') })
      return
    }
    for (const server of servers) server.setSecureContext(loaded.context)
    log('info', 'the TLS certificate was exchanged')
    tellOfEnd(loaded)
  }

  const looking = setInterval(reload, lookEveryMs)
  looking.unref()
  const renewing = local && setInterval(renew, RENEW_EVERY_MS)
  renewing?.unref()
  function renew(): void {
    ensureLocalCertificate(dir, clock).catch((error: unknown) =>
      log('error', 'the local certificate could not be renewed', { problem: problemOf(error) }),
    )
  }

  const { clientCertificates = 'off' } = options
  return {
    serverOptions: {
      ...first.context,
      requestCert: clientCertificates !== 'off',
      rejectUnauthorized: clientCertificates === 'required',
    },
    keep(server) {
      servers.add(server)
      // One that may come without may still not come with a bad one.
      if (clientCertificates === 'requested')
        server.prependListener('secureConnection', (socket) => {
          if (!socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0) socket.destroy()
        })
    },
    close() {
      clearInterval(looking)
      clearInterval(renewing)
    },
  }
}

/** What tells that a file is another: its place on disk, its size, and when it was written. */
function look(files: readonly string[]): string {
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false })
      return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : 'none'
    })
    .join(' | ')
}
