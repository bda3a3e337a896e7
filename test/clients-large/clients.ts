// How each real client is made to sign in and to call a tool, with its own commands and nobody at the keyboard.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { RealClient } from '../clients/outcome.ts'
import type { Person } from '../clients/person.ts'
import { checkProfile } from '../clients/profile.ts'
import { connect, createProvider, eras } from '../clients/sdk-provider.ts'
import type { Target } from '../clients/targets.ts'
import { bin, type Finished, findFreePort, ROOT, run, withBin } from '../support/index.ts'
import { inTerminal } from './terminal.ts'

export interface World {
  readonly target: Target
  readonly person: Person
}

const SMALL = 'test/clients'
const LARGE = 'test/clients-large'
const large = (name: string): string => join(ROOT, LARGE, 'node_modules', '.bin', name)

async function succeed(what: string, running: Promise<Finished>, { person }: World): Promise<string> {
  const { code, stdout, stderr } = await running
  if (code === 0) return stdout
  throw new Error(`${what} ended with ${code}\n${tail(stderr)}\n${tail(stdout)}\n${tail(await person.visits())}`)
}
const tail = (text: string): string => text.trim().split('\n').slice(-8).join('\n')

/** What must be true of all of them. @throws */
async function check(output: string, { target, person }: World, profile?: string): Promise<string> {
  const visits = await person.visits()
  assert.ok(output.includes(target.text), `the tool's answer is not in what it printed:\n${tail(output)}\n${visits}`)
  const opened = visits.match(/^opened/gm)?.length
  assert.match(visits, /returned to .*: 200/, visits)
  assert.equal(opened, 1, `the browser was opened ${opened} times:\n${visits}`)
  if (profile !== undefined) checkProfile(profile, visits)
  return 'signed in, called a tool'
}

export const clients: readonly RealClient<World>[] = [
  {
    name: 'inspector',
    package: '@modelcontextprotocol/inspector',
    folder: SMALL,
    async use(world) {
      const { target, person } = world
      const { name, arguments: args } = target.read
      const callback = `http://127.0.0.1:${await findFreePort()}/oauth/callback`
      const call = ['--method', 'tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args)]
      const flags = ['--cli', target.url, '--transport', 'http', '--format', 'json', '--callback-url', callback, ...call]
      const env = { ...person.env, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' }
      return check(await succeed('mcp-inspector', run(bin('mcp-inspector'), flags, { env, timeoutMs: 60_000 }), world), world, 'inspector')
    },
  },
  {
    name: 'mcp-remote',
    package: 'mcp-remote',
    folder: SMALL,
    async use(world) {
      const { target, person } = world
      const env = withBin({ ...person.env, MCP_REMOTE_CONFIG_DIR: join(person.env['HOME'] ?? '', 'mcp-auth') })
      const client = new Client({ name: 'host', version: '1.0.0' })
      const args = [target.url, String(await findFreePort()), '--transport', 'http-only']
      await client.connect(
        new StdioClientTransport({ command: bin('mcp-remote'), args, env: env as Record<string, string>, stderr: 'ignore' }),
      )
      try {
        return await check(JSON.stringify(await client.callTool(target.read)), world, 'mcp-remote')
      } finally {
        await client.close()
      }
    },
  },
  {
    name: 'sdk',
    package: '@modelcontextprotocol/client',
    folder: SMALL,
    async use({ target, person }) {
      const client = await connect(eras[0][1], target.url, createProvider(person))
      try {
        const answer = JSON.stringify(await client.callTool(target.read))
        assert.ok(answer.includes(target.text), answer)
        return 'signed in, called a tool'
      } finally {
        await client.close()
      }
    },
  },
  {
    name: 'mcpc',
    package: '@apify/mcpc',
    folder: LARGE,
    async use(world) {
      const { target, person } = world
      const mcpc = (...args: string[]) =>
        succeed(`mcpc ${args[0]}`, run(large('mcpc'), args, { env: person.env, timeoutMs: 60_000 }), world)
      await mcpc('login', target.url)
      await mcpc('connect', target.url, '@files')
      try {
        const args = Object.entries(target.read.arguments).map(([name, value]) => `${name}:=${value}`)
        return await check(await mcpc('@files', 'tools-call', target.read.name, ...args), world, 'mcpc')
      } finally {
        // It leaves a process behind that holds the connection.
        await mcpc('@files', 'close').catch(() => {})
      }
    },
  },
  {
    name: 'mcporter',
    package: 'mcporter',
    folder: LARGE,
    async use(world) {
      const { target, person } = world
      const args = Object.entries(target.read.arguments).map(([name, value]) => `${name}=${value}`)
      const call = ['call', `${target.url}.${target.read.name}`, ...args, '--allow-http']
      return check(await succeed('mcporter', run(large('mcporter'), call, { env: person.env, timeoutMs: 90_000 }), world), world)
    },
  },
  {
    name: 'mcp-cli',
    package: '@wong2/mcp-cli',
    folder: LARGE,
    async use(world) {
      const { target, person } = world
      const output = await inTerminal(large('mcp-cli'), ['--url', target.url], withBin({ ...person.env, NO_COLOR: '1' }), [
        // Its menu compares from the first letter.
        [/Pick/, `tool(${target.read.name})`],
        [/\? Pick/, '\r'],
        [/\* path/, `${target.read.arguments['path']}\r`],
        // What may be left out.
        [/\? (?:tail|head)/, '\r'],
        [/\? (?:tail|head)/, '\r'],
      ])
      return check(output, world)
    },
  },
  {
    name: 'mcp-use',
    package: '@mcp-use/cli',
    folder: LARGE,
    async use(world) {
      const { target, person } = world
      // It opens no browser, and prints the address for whoever has one.
      const browser = person.env['BROWSER'] as string
      await inTerminal(large('mcp-use'), ['client', 'connect', 'files', target.url], withBin(person.env), [
        [/http\S+\/authorize\?\S+/, ([address]) => run(browser, [address], { env: person.env })],
      ])
      const args = Object.entries(target.read.arguments).map(([name, value]) => `${name}=${value}`)
      const call = ['client', 'files', 'tools', 'call', target.read.name, ...args]
      return check(await succeed('mcp-use', run(large('mcp-use'), call, { env: person.env, timeoutMs: 60_000 }), world), world)
    },
  },
]
