/** Folders that are too much to show to a server merely because its program lies in them: a home, and whatever has homes in it. @module */

import { homedir } from 'node:os'
import { dirname, sep } from 'node:path'

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

/** Whether it is `folder` or lies below it. Both absolute. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

export const isTooBroad = (folder: string, home: string = homedir()): boolean =>
  SHARED.has(folder) || isWithin(home, folder) || /^\/(?:home|Users)\/[^/]+$/.test(folder)

/** Programs in a folder right below a home, as `~/.local/bin`: beside them is what other programs keep, keys among it. */
export const isInHome = (folder: string, home: string = homedir()): boolean => dirname(folder) === home
