/**
 * What something inside has thrown, as it is told outside: a name, a message, and whether it is because something was not granted, or
 * a limit that the kernel keeps was reached.
 * Never a stack: it names paths. Bounded here and again where it is read.
 *
 * @module
 */

export interface InsideError {
  readonly name: string
  readonly message: string
  readonly permission?: string | undefined
  readonly limit?: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

const MAX_TEXT = 16_384
const MAX_CAUSES = 4

/** Of Node's own permissions (`ERR_ACCESS_DENIED`). */
const nodePermissions: Readonly<Record<string, string>> = {
  FileSystemRead: 'read',
  FileSystemWrite: 'write',
  ChildProcess: 'run',
  WorkerThreads: 'run',
  Net: 'net',
}
const writes = new Set(
  'mkdir mkdtemp unlink rmdir rm rename link symlink chmod fchmod lchown chown utime futime copyfile ftruncate write'.split(' '),
)
/** What a network that is not there answers, or a proxy that refuses. */
const network = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EAI_AGAIN', 'ENOTFOUND', 'ENETDOWN', 'EADDRNOTAVAIL'])

export function toChildError(error: unknown): InsideError {
  const { name, message } = read(error)
  const permission = find(error, permissionOf)
  const limit = find(error, limitOf)
  return { name, message, ...(permission === undefined ? {} : { permission }), ...(limit === undefined ? {} : { limit }) }
}

/** Getters of what was thrown may throw themselves. */
function read(error: unknown): InsideError {
  try {
    if (error instanceof Error) return { name: String(error.name).slice(0, 128), message: String(error.message).slice(0, MAX_TEXT) }
    return { name: 'Error', message: `it threw something that is no error: ${typeof error}` }
  } catch {
    return { name: 'Error', message: 'it threw something that cannot be read' }
  }
}

/** A failed `fetch` says why in its cause; of several addresses each has failed. */
function find(error: unknown, read: (fields: Fields) => string | undefined, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > MAX_CAUSES) return undefined
  try {
    const fields = error as Fields
    const own = read(fields)
    if (own !== undefined) return own
    const { cause, errors } = fields
    return find(cause, read, depth + 1) ?? find(Array.isArray(errors) ? errors[0] : undefined, read, depth + 1)
  } catch {
    return undefined
  }
}

const permissionOf = ({ code, permission, syscall, message }: Fields): string | undefined =>
  ofCode(code, permission, syscall) ?? (isRefusedByProxy(code, message) ? 'net' : undefined)

/** Of a disk that is full, and of RLIMIT_NPROC (setrlimit(2)). There is a number of watched files, too, beyond which it is ENOSPC. */
function limitOf({ code, syscall }: Fields): string | undefined {
  if (code === 'ENOSPC') return syscall === 'watch' ? undefined : 'disk'
  return code === 'EAGAIN' && typeof syscall === 'string' && syscall.startsWith('spawn') ? 'processes' : undefined
}

/** Of `fetch` (undici) and of `node:http`: the way to a host goes through a proxy, which has refused it. */
const isRefusedByProxy = (code: unknown, message: unknown): boolean =>
  typeof code === 'string' && /^(?:UND_ERR_|ERR_PROXY_)/.test(code) && /\b403\b/.test(String(message))

function ofCode(code: unknown, permission: unknown, syscall: unknown): string | undefined {
  if (code === 'ERR_ACCESS_DENIED') return nodePermissions[String(permission)] ?? 'other'
  if (typeof code !== 'string') return undefined
  if (network.has(code)) return 'net'
  const call = typeof syscall === 'string' ? syscall : ''
  if (call.startsWith('spawn')) return code === 'ENOENT' || code === 'EACCES' || code === 'EPERM' ? 'run' : undefined
  if (code === 'EROFS') return 'write'
  // Inside there is nothing of ours that listens but what was granted.
  if (/^(?:connect|bind|listen|getaddrinfo|send)/.test(call)) return code === 'ECONNREFUSED' || code === 'EPERM' ? 'net' : undefined
  if (code !== 'EACCES' && code !== 'EPERM') return undefined
  if (call === '') return 'other'
  return writes.has(call) ? 'write' : 'read'
}
