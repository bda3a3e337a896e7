/**
 * `sallyport doctor`: looks at everything that commonly goes wrong and says for each what to do. Changes nothing. Exit code 0 where
 * nothing is broken, 1 where something is; a warning is not a problem. With `--as` it acts as certain clients instead.
 *
 * @module
 */

import { resolveDataDir } from '../../vault/index.ts'
import type { Finding } from '../checks/check.ts'
import { checkIssuers } from '../checks/issuers.ts'
import { checkKeys } from '../checks/keys.ts'
import { checkDataDir, checkNode, checkPort } from '../checks/machine.ts'
import { checkOwnTools } from '../checks/own-tools.ts'
import { checkSandbox, checkServerSandboxes } from '../checks/sandbox.ts'
import { checkSecrets } from '../checks/secrets.ts'
import { checkServer } from '../checks/server.ts'
import { checkSignIn } from '../checks/sign-in.ts'
import { checkConfiguredTls, checkVerification } from '../checks/tls.ts'
import { checkConfig, checkUpstreams } from '../checks/upstreams.ts'
import { exitCodes } from '../codes.ts'
import type { WithData } from '../common.ts'
import { createOutput, type Output } from '../output.ts'
import { parsePort } from '../ports.ts'
import { shown } from '../shown.ts'
import { version } from '../version.ts'

export interface DoctorOptions extends WithData {
  readonly url?: string
  readonly port?: string
  readonly config?: string
  readonly as?: string
}

const marks = { ok: '✓', warning: '!', problem: '✗' } as const
const colours = { ok: 'green', warning: 'yellow', problem: 'red' } as const

export async function doctor(options: DoctorOptions, address?: string): Promise<void> {
  const { json = false, dataDir, port, config: file, as } = options
  const output = createOutput(json)
  const url = address ?? options.url
  const flags = { port: parsePort(port), dataDir }
  const { config, findings: ofConfig } = checkConfig({ file, cwd: process.cwd(), env: process.env, flags })
  if (as !== undefined) {
    const { doctorAs } = await import('./doctor-as.ts')
    const own = config && `http://localhost:${config.listen.port}/mcp`
    return doctorAs(as, url ?? own, output, (found) => show(found, output))
  }
  const dir = resolveDataDir(dataDir ?? config?.dataDir)
  const { findings: ofKeys, data } = await checkKeys(dir, config?.kms)
  const findings: Finding[] = [checkNode(), ...checkVerification(process.env), ...ofConfig, ...checkDataDir(dir), ...ofKeys]
  findings.push(...(await checkSandbox()), ...(await checkOwnTools(data)))
  if (config !== undefined) {
    if (url === undefined) findings.push(await checkPort(config.listen.port))
    findings.push(...(await checkConfiguredTls(config)), ...(await checkIssuers(config)), ...(await checkSignIn(config)))
    const ofSandboxes = await checkServerSandboxes(config, dir)
    findings.push(...ofSandboxes)
    const named = config.servers.some((server) => server.named !== undefined) ? data : undefined
    findings.push(...(await checkSecrets(config, named)))
    // With such a problem guard starts none of them.
    if (ofSandboxes.every(({ status }) => status !== 'problem')) findings.push(...(await checkUpstreams(config, version(), named)))
  }
  await data?.store.close()
  if (url !== undefined) findings.push(...(await checkServer(url)))

  const problems = findings.filter(({ status }) => status === 'problem').length
  output.object({ ok: problems === 0, findings })
  show(findings, output)
  if (problems > 0) process.exitCode = exitCodes.failure
}

function show(findings: readonly Finding[], output: Output): void {
  const width = Math.max(...findings.map(({ name }) => name.length))
  for (const { status, name, found, fix } of findings) {
    output.line(`${output.paint(colours[status], marks[status])} ${name.padEnd(width)}  ${shown(found)}`)
    if (fix) output.line(`  ${' '.repeat(width)}  fix: ${shown(fix)}`)
  }
}
