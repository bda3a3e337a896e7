/** Which process listens on a port of loopback, as far as /proc tells: for other users' processes it does not. Linux only. @module */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Owner {
  readonly pid: number
  /** Its name only: a command line may hold secrets. */
  readonly command: string
}

const LISTEN = '0A'

export function ownerOfPort(port: number): Owner | undefined {
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => socketsOn(port, read(file))))
  if (sockets.size === 0) return undefined
  for (const pid of list('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of list(`/proc/${pid}/fd`))
      if (sockets.has(link(`/proc/${pid}/fd/${fd}`))) return { pid: Number(pid), command: commandOf(pid) }
  }
  return undefined
}

/** Which program it is, never its arguments: they may hold a secret. */
function commandOf(pid: string): string {
  const [program = '', script = ''] = read(`/proc/${pid}/cmdline`).split('\0')
  const names = [program, /\.(?:[cm]?js|ts|py)$|^[^-].*\/bin\//.test(script) ? script : ''].map((path) =>
    path.slice(path.lastIndexOf('/') + 1),
  )
  return names.filter(Boolean).join(' ') || read(`/proc/${pid}/comm`).trim()
}

/** proc(5): `sl local_address rem_address st … inode`, addresses in hex. */
function socketsOn(port: number, text: string): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) && fields[3] === LISTEN)
    .map((fields) => `socket:[${fields[9]}]`)
}

const read = (file: string): string => quietly(() => readFileSync(file, 'utf8'), '')
const list = (folder: string): string[] => quietly(() => readdirSync(folder), [])
const link = (path: string): string => quietly(() => readlinkSync(path), '')

function quietly<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
