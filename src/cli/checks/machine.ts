/** Checks of this machine: Node, the data directory, the port. They look and change nothing. @module */

import { statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { isShared } from '../../vault/index.ts'
import { type Finding, ok, problem, warning } from './check.ts'
import { ownerOfPort } from './port-owner.ts'

export function checkNode(version: string = process.versions.node): Finding {
  const major = Number(version.split('.')[0])
  return major >= 24 ? ok('Node', version) : problem('Node', `${version} is too old`, 'install Node 24 or later from https://nodejs.org')
}

/** Who may read what is in the data directory: its owner and nobody else. */
export function checkDataDir(dir: string): Finding[] {
  const folder = modeOf(dir)
  if (folder === undefined) return [ok('data', `${dir} is not there yet; guard makes it`)]
  const findings: Finding[] = []
  if (isShared(statSync(dir))) findings.push(problem('data', `others can write into ${dir}`, `chmod 700 '${dir}'`))
  else if (folder & 0o077) findings.push(warning('data', `others can look into ${dir} (mode ${octal(folder)})`, `chmod 700 '${dir}'`))
  else findings.push(ok('data', `${dir} is yours alone`))
  for (const [file, what] of [
    ['master.key', 'the master key'],
    ['sallyport-keys.db', 'the data keys'],
    ['sallyport.db', 'the store'],
    ['sallyport-audit.db', 'the audit'],
  ] as const) {
    const path = join(dir, file)
    const mode = modeOf(path)
    if (mode === undefined) continue
    if (mode & 0o077) findings.push(problem(what, `others can read or change ${path} (mode ${octal(mode)})`, `chmod 600 '${path}'`))
    else findings.push(ok(what, `${file} is yours alone`))
  }
  return findings
}

export async function checkPort(port: number): Promise<Finding> {
  if (port === 0) return ok('port', 'any that is free')
  const refused = await new Promise<string | undefined>((resolve) => {
    const server = createServer()
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
      .listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)))
  })
  if (refused === undefined) return ok('port', `${port} is free`)
  if (refused === 'EACCES') return problem('port', `${port} may not be used by you`, 'choose a port above 1023 with --port')
  const owner = ownerOfPort(port)
  const who = owner ? `process ${owner.pid} (${owner.command})` : 'another process'
  return warning('port', `${port} is in use by ${who}`, 'choose another with --port, or end that process; if it is a guard, all is well')
}

const octal = (mode: number): string => (mode & 0o777).toString(8)

function modeOf(path: string): number | undefined {
  // Windows has no modes; its access lists are inherited from the profile folder.
  if (process.platform === 'win32') return statSync(path, { throwIfNoEntry: false }) ? 0o600 : undefined
  return statSync(path, { throwIfNoEntry: false })?.mode
}
