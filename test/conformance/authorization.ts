// The suite's `authorization` command on the authorization server of `our-server.ts`. It prints a URL for a person to open: a browser
// without a window opens it, signs in and agrees. A token endpoint that is never reached would be a scenario without a failure, so
// checks are counted, and one that warns or is skipped counts as missing.
//
//   registered   a client that registered itself (RFC 7591), as the suite is told to have one
//   resource     the same, which names the resource that its token is for (RFC 8707)
//   document     a client whose id is a URL, where a site on loopback describes it (CIMD); the server is in this process, so that it can be
//                told where that site is

import { createInterface } from 'node:readline'
import { createAccounts } from '../../src/people/index.ts'
import { openData } from '../../src/vault/index.ts'
import { ANA, register, startAuthorizationServer } from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'
import { startClientSite } from '../support/client-site.ts'
import { type Child, createTempDir, findFreePort, start, stop, type Version, withBin } from '../support/index.ts'
import { summary } from './compare.ts'
import { REVISIONS } from './comparison.ts'
import type { Judged } from './judge.ts'
import { PROGRAM, type Results, readResults } from './suite.ts'
import { startServer } from './ways.ts'

export const CLIENTS = ['registered', 'resource', 'document'] as const
export type SuiteClient = (typeof CLIENTS)[number]

/** How many checks of each scenario there are. */
export const authorizationChecks: Readonly<Record<string, number>> = {
  'authorization-server-metadata-endpoint': 2,
  'authorization-code-grant': 1,
}

const TIME_LIMIT_MS = 60_000

interface Tested {
  readonly issuer: string
  /** An id with which the suite may come, and what else it is told. */
  client(callbackPort: number): Promise<{ readonly id: string; readonly flags?: readonly string[] }>
}

export async function runAuthorization(client: SuiteClient, onStep: (what: string) => void = () => {}): Promise<Judged[]> {
  await using opening = new AsyncDisposableStack()
  const tested = await (client === 'document' ? startDescribed(opening) : startRegistering(opening, client))
  const judged: Judged[] = []
  for (const revision of REVISIONS) {
    onStep(`${revision}: our authorization server, ${client}`)
    judged.push(...judgeAuthorization(revision, await runCommand(tested, revision)))
  }
  return judged
}

async function startRegistering(opening: AsyncDisposableStack, client: SuiteClient): Promise<Tested> {
  const folder = await createTempDir('conformance-authorization')
  opening.defer(folder.remove)
  const data = await openData({ dataDir: folder.path })
  await createAccounts({ store: data.store, clock: Date.now }).create(ANA)
  await data.store.close()
  const url = await startServer(opening, '--auth', '--data-dir', folder.path)
  const issuer = new URL(url).origin
  return {
    issuer,
    async client(callbackPort) {
      const { client_id: id } = await register({ issuer }, { redirect_uris: [callbackAt(callbackPort)] })
      return client === 'resource' ? { id, flags: ['--resource', url] } : { id }
    },
  }
}

async function startDescribed(opening: AsyncDisposableStack): Promise<Tested> {
  const site = opening.use(await startClientSite())
  const { issuer } = opening.use(await startAuthorizationServer({ cimd: 'on', guardedFetch: site.fetch }))
  return {
    issuer,
    client: async (callbackPort) => ({ id: site.publish(`/${callbackPort}.json`, { redirect_uris: [callbackAt(callbackPort)] }) }),
  }
}

const callbackAt = (port: number): string => `http://127.0.0.1:${port}/callback`

async function runCommand({ issuer, client }: Tested, revision: Version): Promise<Results> {
  const callbackPort = await findFreePort()
  const { id, flags = [] } = await client(callbackPort)
  await using folder = await createTempDir('conformance')
  const args = ['authorization', '--url', issuer, '--client-id', id, '-p', String(callbackPort), '--spec-version', revision]
  const suite = start(process.execPath, [PROGRAM, ...args, ...flags, '-o', folder.path], {
    env: withBin(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // It would wait five minutes for a person.
  const deadline = setTimeout(() => suite.process.kill('SIGKILL'), TIME_LIMIT_MS)
  try {
    await answerSignIns(suite, issuer)
  } finally {
    clearTimeout(deadline)
    await stop(suite.process)
  }
  const found = await readResults(folder.path, 'authorization-server-')
  if (found.size === 0) throw new Error(`the suite ran no scenario\n${suite.stdout()}\n${suite.stderr()}`)
  return found
}

/** Opens what the suite prints, as a person would, until it has ended. */
async function answerSignIns({ process: suite, stdout, stderr }: Child, issuer: string): Promise<void> {
  if (suite.stdout === null) throw new Error('the suite has no stdout to read from')
  for await (const line of createInterface({ input: suite.stdout })) {
    if (!line.startsWith(`${issuer}/authorize?`)) continue
    try {
      await fetch(await signIn(line, ANA))
    } catch (error) {
      throw new Error(`the sign-in did not end at the client\n${stdout()}\n${stderr()}`, { cause: error })
    }
  }
}

export function judgeAuthorization(revision: Version, results: Results): Judged[] {
  return [...new Set([...Object.keys(authorizationChecks), ...results.keys()])].map((scenario) => {
    const checks = results.get(scenario) ?? []
    const expected = authorizationChecks[scenario]
    const passed = checks.filter(({ status }) => status === 'SUCCESS').length
    const notes = checks
      .filter(({ status }) => status !== 'SUCCESS')
      .map(({ id, status, errorMessage = '' }) => `${id}: ${status} ${errorMessage}`.trim())
    if (expected === undefined) notes.push('is not in authorization.ts')
    else if (passed < expected) notes.push(checks.length === 0 ? 'was not run' : `${passed} checks passed, of ${expected}`)
    return { revision, scenario, found: summary(checks), verdict: notes.length === 0 ? 'passed' : 'failed', notes }
  })
}
