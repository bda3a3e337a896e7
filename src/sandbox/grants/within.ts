/** Whether one path is another or lies in it. Pure. @module */

import { sep } from 'node:path'

/** Both are absolute and normal. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
