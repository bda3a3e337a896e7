// A real `MCPServer` for tests, on any free port of loopback, with a data folder of its own. Keys and people are made with the command
// line on that folder, as an operator would while it runs.

import { silentLog } from '../../src/core/index.ts'
import { type Listening, MCPServer, type MCPServerOptions } from '../../src/server/index.ts'
import { run } from './child.ts'
import { ALL_SCOPES, SALLYPORT } from './guard.ts'
import { createTempDir } from './paths.ts'

export interface TestServer extends Listening, AsyncDisposable {
  readonly server: MCPServer
  readonly dataDir: string
  key(scopes?: readonly string[], roles?: readonly string[]): Promise<string>
  user(name: string, password: string, roles?: readonly string[]): Promise<void>
}

export async function startServer(options: MCPServerOptions = {}): Promise<TestServer> {
  const folder = await createTempDir('server')
  const operator = createOperator(folder.path)
  const server = new MCPServer({ port: 0, dataDir: folder.path, log: silentLog, auth: { cimd: 'off' }, ...options })
  const listening = await server.listen()
  return {
    ...listening,
    ...operator,
    server,
    dataDir: folder.path,
    async [Symbol.asyncDispose]() {
      await server.close()
      await folder.remove()
    },
  }
}

/** Makes keys and people with the command line. */
export function createOperator(dataDir: string): Pick<TestServer, 'key' | 'user'> {
  let keys = 0
  async function cli(input: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(process.execPath, [SALLYPORT, ...args, '--data-dir', dataDir, '--json'], { input })
    if (code !== 0) throw new Error(`sallyport ${args[0]} ${args[1]} ended with ${code}: ${stderr}${stdout}`)
    return stdout
  }
  const roleFlags = (roles: readonly string[]): string[] => roles.flatMap((role) => ['--role', role])
  return {
    async key(scopes = ALL_SCOPES, roles = []) {
      keys += 1
      const flags = [...scopes.flatMap((scope) => ['--scope', scope]), ...roleFlags(roles)]
      return (JSON.parse(await cli('', 'key', 'create', '--name', `test-${keys}`, ...flags)) as { key: string }).key
    },
    async user(name, password, roles = []) {
      await cli(`${password}\n`, 'user', 'add', name, '--password-stdin', ...roleFlags(roles))
    },
  }
}
