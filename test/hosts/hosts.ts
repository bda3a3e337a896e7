// How each host is made to sign in and to work, with nobody at the keyboard and no account anywhere but at the guard.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Files } from '../clients/files.ts'
import type { RealClient } from '../clients/outcome.ts'
import type { Person } from '../clients/person.ts'
import { checkProfile } from '../clients/profile.ts'
import { inTerminal } from '../clients-large/terminal.ts'
import { type Finished, ROOT, start } from '../support/index.ts'
import type { Model } from './model.ts'

export interface World {
  readonly files: Files
  readonly person: Person
  readonly model: Model
  readonly tool: string
}

interface Recorded {
  readonly action: string
  readonly decision: string
  readonly target?: string
  readonly subject?: string
  readonly clientName?: string
  readonly hostToolUseId?: string
}

const FOLDER = 'test/hosts'
const SERVER = 'files'
const PROMPT = 'Read the note.'
const modules = join(ROOT, FOLDER, 'node_modules')
/** Their install scripts, which nobody runs here, would only have put a link to these. */
const native = (name: string, ...path: string[]): string => join(modules, `${name}-${process.platform}-${process.arch}`, ...path)

/** Nothing of the machine that it runs on but PATH: a key or a base URL in its environment is not for these. */
const homeOf = ({ person }: World): string => person.env['HOME'] as string

async function runClean(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  timeoutMs = 90_000,
): Promise<Finished> {
  const child = start(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const deadline = setTimeout(() => child.process.kill('SIGKILL'), timeoutMs)
  const [code] = (await once(child.process, 'close')) as [number | null]
  clearTimeout(deadline)
  return { code: code ?? 137, stdout: child.stdout(), stderr: child.stderr() }
}

async function step(what: string, running: Promise<Finished>, { person, model }: World): Promise<string> {
  const { code, stdout, stderr } = await running
  if (code === 0) return stdout
  const seen = [stderr, stdout, await person.visits(), model.asked.join('\n')].map(tail).join('\n')
  throw new Error(`${what} ended with ${code}\n${seen}`)
}
const tail = (text: string): string => text.trim().split('\n').slice(-8).join('\n')

/** What the guard has on record, and what the model heard. @throws */
async function check(profile: string, { files, person, model, tool }: World, { saysId = false } = {}): Promise<string> {
  const visits = await person.visits()
  assert.match(visits, /returned to .*: 200/, `nobody signed in:\n${visits}`)
  checkProfile(profile, visits)
  assert.ok(
    model.heard.some((text) => text.includes(files.text)),
    `the model did not hear what the tool says: ${model.heard.join('\n')}\n${model.asked.join('\n')}`,
  )
  const { stdout } = await files.guard.cli('audit', 'search', '--subject', person.name, '--json')
  const { records } = JSON.parse(stdout) as { records: Recorded[] }
  const call = records.find(({ action, decision, target }) => action === 'tools/call' && decision === 'allow' && target?.endsWith(tool))
  assert.ok(call, `the record has no such call of ${person.name}: ${stdout.slice(0, 500)}`)
  const id = call.hostToolUseId
  if (id === undefined && !saysId) return `signed in, called a tool; on record as ${person.name}’s, and says no tool-use id`
  assert.ok(id !== undefined && model.uses.includes(id), `${id} is on record, and the model used ${model.uses.join(', ')}`)
  return `signed in, called a tool; its tool-use id ${id} is on record`
}

export const hosts: readonly RealClient<World>[] = [
  {
    name: 'claude-code',
    package: '@anthropic-ai/claude-code',
    folder: FOLDER,
    async use(world) {
      const { files, person, model, tool } = world
      const home = homeOf(world)
      const env = {
        ...person.env,
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'stand-in',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        ENABLE_TOOL_SEARCH: 'false',
      }
      const program = native('@anthropic-ai/claude-code', 'claude')
      const claude = (...args: string[]) => step(`claude ${args[0]} ${args[1]}`, runClean(program, args, env, home), world)
      await claude('mcp', 'add', '--transport', 'http', SERVER, files.guard.url)
      await inTerminal(program, ['mcp', 'login', SERVER], env, [], home)
      await claude('-p', PROMPT, '--allowedTools', `mcp__${SERVER}__${tool}`, '--output-format', 'json')
      return check('claude-code', world, { saysId: true })
    },
  },
  {
    name: 'codex',
    package: '@openai/codex',
    folder: FOLDER,
    async use(world) {
      const { files, person, model } = world
      const home = homeOf(world)
      const settings = join(home, '.codex')
      await mkdir(settings)
      const provider = [`name = "stand-in"`, `base_url = "${model.url}/v1"`, `env_key = "STAND_IN_KEY"`, `wire_api = "responses"`]
      const text = [`model = "stand-in"`, `model_provider = "standin"`, '', '[model_providers.standin]', ...provider, '']
      await writeFile(join(settings, 'config.toml'), text.join('\n'))
      const env = { ...person.env, CODEX_HOME: settings, STAND_IN_KEY: 'stand-in' }
      const program = join(modules, '.bin', 'codex')
      const codex = (...args: string[]) => step(`codex ${args[0]}`, runClean(program, args, env, home), world)
      // Signs in at once.
      await codex('mcp', 'add', SERVER, '--url', files.guard.url)
      await codex('exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', PROMPT)
      return check('codex', world)
    },
  },
  {
    name: 'opencode',
    package: 'opencode-ai',
    folder: FOLDER,
    async use(world) {
      const { files, person, model } = world
      const home = homeOf(world)
      const config = {
        autoupdate: false,
        share: 'disabled',
        provider: { anthropic: { options: { baseURL: `${model.url}/v1`, apiKey: 'stand-in' } } },
        mcp: { [SERVER]: { type: 'remote', url: files.guard.url } },
      }
      await writeFile(join(home, 'opencode.json'), JSON.stringify(config))
      const env = {
        ...person.env,
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_STATE_HOME: join(home, 'state'),
      }
      const program = native('opencode', 'bin', 'opencode')
      const opencode = (...args: string[]) => step(`opencode ${args[0]}`, runClean(program, args, env, home), world)
      await opencode('mcp', 'auth', SERVER)
      await opencode('run', '--model', 'anthropic/claude-sonnet-4-5', PROMPT)
      return check('opencode', world)
    },
  },
]
