/**
 * `sallyport doctor`: looks at everything that commonly goes wrong and says for each what to do. Changes nothing. Exit code 0 where
 * nothing is broken, 1 where something is; a warning is not a problem.
 *
 * @module
 */

import { resolveDataDir } from '../../vault/index.ts'
import type { Finding } from '../checks/check.ts'
import { checkDataDir, checkNode, checkPort } from '../checks/machine.ts'
import { checkServer } from '../checks/server.ts'
import { checkConfig, checkUpstreams } from '../checks/upstreams.ts'
import { exitCodes } from '../codes.ts'
import type { WithData } from '../common.ts'
import { createOutput } from '../output.ts'
import { parsePort } from '../ports.ts'
import { shown } from '../shown.ts'
import { version } from '../version.ts'

export interface DoctorOptions extends WithData {
  readonly url?: string
  readonly port?: string
  readonly config?: string
}

const marks = { ok: '✓', warning: '!', problem: '✗' } as const
const colours = { ok: 'green', warning: 'yellow', problem: 'red' } as const

export async function doctor({ json = false, dataDir, url, port, config: file }: DoctorOptions): Promise<void> {
  const output = createOutput(json)
  const flags = { port: parsePort(port), dataDir }
  const { config, findings: ofConfig } = checkConfig({ file, cwd: process.cwd(), env: process.env, flags })
  const findings: Finding[] = [checkNode(), ...ofConfig, ...checkDataDir(resolveDataDir(dataDir ?? config?.dataDir))]
  if (config !== undefined) {
    if (url === undefined) findings.push(await checkPort(config.listen.port))
    findings.push(...(await checkUpstreams(config, version())))
  }
  if (url !== undefined) findings.push(...(await checkServer(url)))

  const problems = findings.filter(({ status }) => status === 'problem').length
  output.object({ ok: problems === 0, findings })
  const width = Math.max(...findings.map(({ name }) => name.length))
  for (const { status, name, found, fix } of findings) {
    output.line(`${output.paint(colours[status], marks[status])} ${name.padEnd(width)}  ${shown(found)}`)
    if (fix) output.line(`  ${' '.repeat(width)}  fix: ${shown(fix)}`)
  }
  if (problems > 0) process.exitCode = exitCodes.failure
}
