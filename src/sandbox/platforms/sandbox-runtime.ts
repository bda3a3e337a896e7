/**
 * macOS: Seatbelt, by way of `@anthropic-ai/sandbox-runtime`, an optional peer. Its program is started in place of ours, with
 * settings made for this one program: its library has one set for everything.
 *
 * Everything is denied for reading first, and what a program needs is allowed again, as the package has it. Untested on macOS;
 * that the settings mean what they say is tested on Linux, where the same package stands on bubblewrap.
 *
 * Fails closed: settings that the package does not understand end it before the program starts.
 *
 * @module
 */

import { realpathSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../../core/index.ts'
import type { Confined, Confinement, Program } from '../confine/confinement.ts'
import { type Destination, showDestination } from '../grants/destination.ts'
import { type Folders, placeOf, withFolders } from './folders.ts'
import { watched } from './watched.ts'

/** What any program needs in order to run. Nothing of a person's is there. */
const SYSTEM =
  process.platform === 'darwin'
    ? [
        '/usr',
        '/bin',
        '/sbin',
        '/System',
        '/Library',
        '/private/etc/ssl',
        '/private/var/db/timezone',
        '/private/var/db/dyld',
        '/dev',
        '/opt/homebrew',
      ]
    : ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc/ssl', '/etc/ld.so.cache', '/etc/hosts', '/etc/nsswitch.conf']

// Its proxy lets a granted name lead to these otherwise.
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10']

/** On Linux it looks for files to protect in what may be written, with a program that is often not there: nothing is found. */
const FINDS_NOTHING = process.platform === 'linux' ? { ripgrep: { command: '/bin/false' } } : {}

/** Where the package is installed, beside us or where we are used. */
export function findSandboxRuntime(): string | undefined {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve('@anthropic-ai/sandbox-runtime'))), 'cli.js')
  } catch {
    return undefined
  }
}

/** `cli`: as `findSandboxRuntime` says. */
export function createSandboxRuntime(cli: string): Confinement {
  const ownFiles = dirname(dirname(cli))
  return {
    depth: 'sandbox-runtime',
    missing: [
      'This depth has not been tried on macOS by us: sallyport doctor and docs/sandbox.md say what it should do.',
      'Memory and processes are not bounded.',
      'Files of the system (/usr, /System, /Library) can be read.',
      'The environment holds settings of the runtime beside what is granted.',
      'Connections are not on record, and reach what was granted by HTTP_PROXY alone.',
      'Some files of a granted folder can be written by nobody, as .git/hooks and .bashrc: the runtime has it so.',
    ],
    confine: (program) => withFolders(program, (folders, home) => confined(program, folders, home)),
  }

  function confined(program: Program, folders: Folders, home: string): Confined {
    const { grants, code, hidden = [], command, args, env } = program
    const absent = [...grants.read, ...grants.write].filter((path) => statSync(path, { throwIfNoEntry: false }) === undefined)
    if (absent.length > 0) throw new ConfigError(absent.map((path) => `${path} is granted and not there`))
    const literal = (path: string): object => ({ path, literal: true })
    const writable = [...grants.write, home, folders.scratch].map((path) => realpathSync(path))
    const readable = [...SYSTEM, dirname(process.execPath), ownFiles, ...code, ...grants.read, ...writable]
    const file = join(folders.ours, 'settings.json')
    const written = {
      network: {
        allowedDomains: grants.net.flatMap(withAddresses).map(showDestination),
        deniedDomains: [],
        strictAllowlist: true,
        deniedResolvedAddresses: PRIVATE,
      },
      filesystem: {
        denyRead: ['/', ...hidden.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined).map(literal)],
        allowRead: [...new Set(readable)].map(literal),
        allowWrite: [...new Set(writable)].map(literal),
        denyWrite: [],
      },
      ...FINDS_NOTHING,
    }
    writeFileSync(file, JSON.stringify(written), { mode: 0o600, flag: 'wx' })
    return watched(
      {
        command: process.execPath,
        args: [cli, '--settings', file, '--', command, ...args],
        cwd: placeOf(program),
        env: {
          ...env,
          PATH: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
          HOME: home,
          TMPDIR: folders.scratch,
          // What the runtime puts in the place of TMPDIR.
          CLAUDE_CODE_TMPDIR: folders.scratch,
          // Node reads where its proxy is of its own accord only if it is told to (nodejs.org/api/cli.html#node_use_env_proxy1).
          ...(grants.net.length > 0 ? { NODE_USE_ENV_PROXY: '1' } : {}),
        },
        bare: true,
      },
      program,
      folders,
      false,
    )
  }
}

/** The name alone would be refused for the addresses that it has. */
const withAddresses = ({ host, port }: Destination): Destination[] =>
  (host === 'localhost' ? [host, '127.0.0.1', '::1'] : [host]).map((each) => ({ host: each, port }))
