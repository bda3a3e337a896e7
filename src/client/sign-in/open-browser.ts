/**
 * Opens a page in the browser of this machine: a program of the system, started without a shell, the address as its one argument
 * (2026-07-28 security best practices §authorization URLs; CVE-2025-6514). Never `cmd /c start`, which reads `&` as a command.
 *
 * Fails closed: only http and https, in the form that Node's parser writes, whatever anybody checked before.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { win32 } from 'node:path'
import { AuthorizationError } from '../errors.ts'

/** Resolves once the browser was asked, and never where it goes on running. @throws {AuthorizationError} `browser_unavailable` */
export function openBrowser(text: string): Promise<void> {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new AuthorizationError('insecure_url', 'An address that is neither http nor https is not opened.')
  const [program, ...args] = [...browserOf(process.platform), url.href]
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore', shell: false, detached: process.platform !== 'win32', windowsHide: true })
    const fail = (why: string): void =>
      reject(new AuthorizationError('browser_unavailable', `No browser could be opened: ${program} ${why}.`))
    child.once('error', (error: NodeJS.ErrnoException) => fail(`cannot be started (${error.code ?? 'unknown'})`))
    child.once('exit', (code) => (code === 0 ? resolve() : fail(`ended with ${code ?? 'a signal'}`)))
    // It may be the browser itself, which outlives us.
    child.unref()
  })
}

/** The program, and what comes before the address. */
export function browserOf(platform: NodeJS.Platform): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['/usr/bin/open']
  if (platform !== 'win32') return ['xdg-open']
  // Reads the rest of its line as one address, and no shell is in between.
  return [win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'rundll32.exe'), 'url.dll,FileProtocolHandler']
}
