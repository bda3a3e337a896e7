/** What a server may have lacked, by the last words of one that did not start or did not stay. A guess, and said as one. Pure. @module */

import type { ServerSandbox } from '../config/index.ts'

/** `words`: the last lines that it wrote to stderr. Undefined: they say nothing of the kind. */
export function adviceFor(words: string, { grants, where }: Pick<ServerSandbox, 'grants' | 'where'>): string | undefined {
  const grant = (key: string, flag: string): string => (where === '' ? flag : `${key} in its sandbox (${where})`)
  if (/\b(?:EROFS|Read-only file system|Errno 30)\b/i.test(words))
    return `it wanted to write where it may not: ${grant('write', '--allow-write PATH')}`
  if (
    /\b(?:ENETUNREACH|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|Network is unreachable|Temporary failure in name resolution|getaddrinfo)\b/i.test(
      words,
    )
  )
    return `it wanted to connect where it may not: ${grant('net', '--allow-net HOST:PORT')}`
  if (/\bECONNREFUSED\b|Connection refused/i.test(words) && grants.net.length === 0)
    return `in its sandbox nothing listens but itself: what it is to reach needs ${grant('net', '--allow-net HOST:PORT')}`
  if (/\bspawn\b.*\bENOENT\b|\bcommand not found\b/i.test(words))
    return `it wanted to start a program that it cannot see: ${grant('run', '--allow-run NAME')}`
  if (/\b(?:EACCES|EPERM|Permission denied|Operation not permitted|Errno 13)\b/i.test(words))
    return `it wanted something that it may not have: ${grant('write', '--allow-write PATH')}, where it is a folder to write to`
  if (
    /\b(?:ENOENT|No such file or directory|ENOTDIR|Cannot find module|ERR_MODULE_NOT_FOUND|ModuleNotFoundError|not found|does not exist|cannot access)\b/i.test(
      words,
    )
  )
    return `what it looked for may be there, and not be shown to it: ${grant('read', '--allow-read PATH')}`
  return undefined
}
