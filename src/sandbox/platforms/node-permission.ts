/**
 * Linux without bubblewrap, and macOS without a runtime for sandboxes: Node holds itself to its grants, and the limits of a process
 * are the kernel's. For programs in Node alone, and for honest mistakes more than for attacks: `missing` says what it does not do.
 *
 * Fails closed: what is not Node, or wants what cannot be granted here, throws.
 *
 * @module
 */

import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, sep } from 'node:path'
import { ConfigError } from '../../core/index.ts'
import { signalGroup } from '../../process/index.ts'
import type { Confined, Confinement, Ended, Program } from '../confine/confinement.ts'
import { toNodeFlags } from './node-flags.ts'

/** V8 reserves this much address space before it runs anything. */
const RESERVED_MB = 640
const DESCRIPTORS = 1024

export interface NodePermissionOptions {
  /** Why it is not deeper: the first of what is missing. */
  readonly why: string
}

export function createNodePermission({ why }: NodePermissionOptions): Confinement {
  const prlimit = find('prlimit')
  const setpriv = find('setpriv')
  return { depth: 'node-permission', missing: missing(why, prlimit !== undefined), confine }

  function confine(program: Program): Confined {
    if (program.node !== true && !isNode(program.command)) {
      throw new ConfigError([`${basename(program.command)} is not Node: without bubblewrap only programs in Node can be confined`])
    }
    const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-')))
    const letGo = (): void => rmSync(temporary, { recursive: true, force: true })
    try {
      return confined(program, temporary, letGo)
    } catch (error) {
      letGo()
      throw error
    }
  }

  function confined(program: Program, temporary: string, letGo: () => void): Confined {
    const { grants, given = {}, home = temporary } = program
    // What is given is where it is: there is no other view of the file system here.
    const place = (text: string): string => given[text] ?? text
    const node = [process.execPath, ...toNodeFlags(program, temporary), ...program.args.map(place)]
    const env = Object.fromEntries(Object.entries(program.env).map(([name, value]) => [name, place(value)]))
    const { memoryMb, cpuSeconds } = grants.limits
    const limited = prlimit === undefined ? [] : [prlimit, ...toLimits(memoryMb, cpuSeconds), '--']
    // Root is not bound by permissions of files; without capabilities it is.
    const dropped = setpriv === undefined ? [] : [setpriv, '--no-new-privs', ...(isRoot() ? NO_CAPABILITIES : []), '--']
    const [command = '', ...args] = [...limited, ...dropped, ...node]
    let ended: Ended | undefined
    let end: (why: Ended) => void = (reason) => (ended ??= reason)
    return {
      warnings: [],
      command: { command, args, cwd: visible(program) ? program.cwd : '/', env: { ...env, HOME: home, TMPDIR: temporary }, bare: true },
      started(child) {
        child.once('exit', letGo).once('error', letGo)
        end = (reason) => {
          ended ??= reason
          signalGroup(child as Parameters<typeof signalGroup>[0], 'SIGKILL')
        }
        if (ended !== undefined) end(ended)
      },
      begin: () => {},
      get ended() {
        return ended
      },
      end: (reason) => end(reason),
    }
  }
}

const NO_CAPABILITIES = ['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all']

const toLimits = (memoryMb: number, cpuSeconds: number | undefined): string[] => [
  `--data=${(memoryMb + RESERVED_MB) * 1024 * 1024}`,
  '--core=0',
  `--nofile=${DESCRIPTORS}`,
  ...(cpuSeconds === undefined ? [] : [`--cpu=${cpuSeconds}`]),
]

const missing = (why: string, isLimited: boolean): readonly string[] => [
  why,
  'The network is refused in Node’s own JavaScript where none is granted, and open where any is: hosts and ports are not told apart, and code that knows Node’s insides gets around it.',
  'Node’s permissions hold off mistakes, and Node promises nothing against code that attacks them.',
  'Links in a granted folder are followed out of it.',
  'It runs as the same user: it sees that other processes exist, and a flaw in Node lets it do what you may do.',
  'Only programs in Node are confined, and they cannot start other programs.',
  ...(isLimited ? [] : ['prlimit is not there (package util-linux): memory and descriptors have no hard limit.']),
]

const isNode = (command: string): boolean => /^node(?:\.exe)?$/.test(basename(command))
const isRoot = (): boolean => process.getuid?.() === 0

function visible({ cwd, code, grants, home }: Program): boolean {
  const seen = [...code, ...grants.read, ...grants.write, ...(home === undefined ? [] : [home])]
  return seen.some((path) => cwd === path || cwd.startsWith(path.endsWith(sep) ? path : path + sep))
}

/** Where distributions have it: a PATH is anybody's to change. */
function find(program: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/sbin']
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
