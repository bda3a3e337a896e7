/** Folders that are too much to show to a server merely because its program lies in them: a home, and whatever has homes in it. @module */

import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { isWithin } from '../../sandbox/index.ts'

const SHARED = new Set([
  '/',
  '/home',
  '/root',
  '/Users',
  '/opt',
  '/srv',
  '/mnt',
  '/media',
  '/tmp',
  '/var',
  '/var/tmp',
  '/etc',
  '/run',
  '/dev',
  '/proc',
  '/sys',
])

export const isTooBroad = (folder: string, home: string = homedir()): boolean =>
  SHARED.has(folder) || isWithin(home, folder) || /^\/(?:home|Users)\/[^/]+$/.test(folder)

/** Programs in a folder right below a home, as `~/.local/bin`: beside them is what other programs keep, keys among it. */
export const isInHome = (folder: string, home: string = homedir()): boolean => dirname(folder) === home
