/**
 * What of the system itself a confined program sees, beside what it was granted. A program of any kind sees `/usr`: interpreters,
 * libraries and tools that every installation of this system has, and nothing of what people put on the machine. A Node of ours
 * sees the libraries that it is linked with, and no program at all but those it may start.
 *
 * Of `/etc` there is what a library looks for, written by us: who has an account here is nobody's business.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Identity } from './identity.ts'
import type { Step } from './mounts.ts'
import { requireProgram, SYSTEM_PATH } from './programs.ts'

/** Beside `/usr`: on most systems links into it. */
const BESIDE_USR = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store']
/** What a granted program may need of its own besides itself: `git` its commands, `python3` its modules. */
const PARTS_OF_PROGRAMS = ['/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libexec', '/usr/share']
const LINKER = ['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/ld-musl-x86_64.path', '/etc/ld-musl-aarch64.path']
/** Never `/etc/ssl/private`. */
const CERTIFICATES = [
  '/etc/ssl/certs',
  '/etc/ssl/cert.pem',
  '/etc/ssl/openssl.cnf',
  '/etc/ca-certificates',
  '/etc/pki',
  '/etc/crypto-policies',
]
const OF_PROGRAMS = ['/etc/alternatives', '/etc/mime.types', '/etc/protocols', '/etc/services', '/etc/magic']

export type Extent = 'everything' | 'libraries' | 'libraries and parts'

/** `programs`: real paths of what is started inside, for whose libraries is looked. */
export function systemSteps(extent: Extent, programs: readonly string[]): Step[] {
  if (extent === 'everything')
    return [
      ...shown('/usr'),
      ...BESIDE_USR.flatMap(shown),
      ...[...LINKER, ...CERTIFICATES, ...OF_PROGRAMS].flatMap(shown),
      ...timeZone(true),
    ]
  const parts = extent === 'libraries' ? [] : [...PARTS_OF_PROGRAMS, ...CERTIFICATES, ...OF_PROGRAMS]
  return [
    ...BESIDE_USR.filter((path) => path.startsWith('/lib')).flatMap((path) => (isLink(path) ? shown(path) : [])),
    ...[...librariesOf(programs), ...LINKER, ...parts].flatMap(shown),
    ...timeZone(false),
  ]
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false

/** As it is outside: a link stays one. */
function shown(path: string): Step[] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return []
  if (found.isSymbolicLink() && dirname(path) === '/') return [{ kind: 'link', source: 'system', at: path, to: readlinkSync(path) }]
  try {
    return [{ kind: 'bind', source: 'system', at: path, from: realpathSync(path), write: false }]
  } catch {
    return [] // A link that leads nowhere.
  }
}

const librariesByPrograms = new Map<string, readonly string[]>()

/** The folders of what they are linked with; all folders of libraries where the linker does not say. */
function librariesOf(programs: readonly string[]): readonly string[] {
  const key = programs.join('\0')
  let found = librariesByPrograms.get(key)
  if (found === undefined) librariesByPrograms.set(key, (found = findLibraries(programs)))
  return found
}

function findLibraries(programs: readonly string[]): readonly string[] {
  let output: string
  try {
    // The system's, in an environment of ours: of a PATH with `node_modules/.bin` in it, a package would choose what runs here.
    const { real } = requireProgram('ldd', SYSTEM_PATH, '/')
    const env = { PATH: SYSTEM_PATH }
    output = execFileSync(real, [...programs], { encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'ignore'], cwd: '/', env })
  } catch {
    return ['/usr/lib', '/usr/lib64', '/lib', '/lib64'].filter((path) => existsSync(path) && !isLink(path))
  }
  const folders = new Set<string>()
  for (const [path] of output.matchAll(/\/[^\s()]+(?=\s+\(0x)/g)) {
    if (!existsSync(path)) continue
    // Somebody's own build has its libraries beside it: that folder is the program's, and is granted as its code.
    for (const real of [realpathSync(dirname(path)), dirname(realpathSync(path))]) if (/^\/(usr\/)?lib/.test(real)) folders.add(real)
  }
  return [...folders]
}

/** Node, and everybody else, reads its name from where the link leads. */
function timeZone(hasUsr: boolean): Step[] {
  if (!isLink('/etc/localtime') || !existsSync('/etc/localtime')) return shown('/etc/localtime')
  const real = realpathSync('/etc/localtime')
  return [{ kind: 'link', source: 'system', at: '/etc/localtime', to: real }, ...(hasUsr ? [] : shown(real))]
}

/** The few files of `/etc` that programs cannot do without. */
export function etcSteps({ uid, gid }: Identity, home: string): Step[] {
  const files: Readonly<Record<string, string>> = {
    '/etc/passwd': `root:x:0:0::/root:/usr/sbin/nologin\nsandbox:x:${uid}:${gid}::${home}:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n`,
    '/etc/group': `root:x:0:\nsandbox:x:${gid}:\nnogroup:x:65534:\n`,
    '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
    // Names are looked up in `hosts` alone: nobody answers inside, and waiting for it would look like a program that hangs.
    '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n',
    '/etc/resolv.conf': '',
  }
  return Object.entries(files).map(([at, content]) => ({ kind: 'file', source: 'system', at, content }))
}
