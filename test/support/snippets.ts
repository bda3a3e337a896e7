/**
 * Programs that stand in documents: taken out, compiled against the sources, and run as they stand. The package that they import is
 * the source, but for one thing: its servers take any free port and a folder of the test's, and log nothing.
 */

import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MCPClient, type MCPServer } from '../../src/index.ts'
import { problemsIn } from '../types/compile.ts'
import { createTempDir, ROOT } from './paths.ts'
import { createOperator, type TestServer } from './server.ts'

export interface Snippet {
  /** What it stands below. */
  readonly heading: string
  readonly program: string
}

/** Every block of TypeScript in a document. */
export async function snippetsIn(file: string): Promise<Snippet[]> {
  const text = await readFile(join(ROOT, file), 'utf8')
  const found: Snippet[] = []
  let heading = ''
  for (const [, title, program] of text.matchAll(/^#+ (.*)$|^```ts\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title
    else found.push({ heading, program: program as string })
  }
  return found
}

/** Why they do not compile. */
export const compileProblems = (snippets: readonly Snippet[]): string[] =>
  problemsIn(snippets.map(({ program }) => program.replaceAll("'sallyport'", "'../../src/index.ts'")))

export interface Ran extends AsyncDisposable, Pick<TestServer, 'key' | 'user'> {
  readonly exports: Readonly<Record<string, unknown>>
  /** The one server that the program made. */
  readonly server: MCPServer
  /** Somebody with a key; all standard scopes unless some are named. The server listens from now on, if it did not. */
  connect(scopes?: readonly string[], options?: Partial<ConstructorParameters<typeof MCPClient>[0]>): Promise<MCPClient>
}

/** `files`: what is to stand beside it, by path. */
export async function runSnippet({ program }: Snippet, files: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const folder = await createTempDir('snippet')
  // A module that stands there runs as somebody else, where we are root.
  await chmod(folder.path, 0o755)
  const dataDir = join(folder.path, 'data')
  await mkdir(join(folder.path, 'node_modules', 'sallyport'), { recursive: true })
  for (const name of ['zod', 'express']) await symlink(join(ROOT, 'node_modules', name), join(folder.path, 'node_modules', name))
  await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder.path, 'node_modules', 'sallyport', 'package.json'), '{ "type": "module", "exports": "./index.js" }')
  await writeFile(
    join(folder.path, 'node_modules', 'sallyport', 'index.js'),
    `import { MCPServer as Real } from '${pathToFileURL(join(ROOT, 'src', 'index.ts')).href}'
export * from '${pathToFileURL(join(ROOT, 'src', 'index.ts')).href}'
export const servers = []
export class MCPServer extends Real {
  constructor(options) {
    super({ ...options, port: 0, log: false, dataDir: ${JSON.stringify(dataDir)} })
    servers.push(this)
  }
}
`,
  )
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true })
    await writeFile(join(folder.path, path), text)
  }
  const file = join(folder.path, 'program.ts')
  await writeFile(file, program)
  const exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>
  const { servers } = (await import(pathToFileURL(join(folder.path, 'node_modules', 'sallyport', 'index.js')).href)) as {
    servers: MCPServer[]
  }
  const [server, ...more] = servers
  if (!server || more.length > 0) throw new Error(`the program made ${servers.length} servers`)
  const operator = createOperator(dataDir)
  const clients: MCPClient[] = []
  return {
    exports,
    server,
    ...operator,
    async connect(scopes, options) {
      if (server.url === undefined) await server.listen()
      const auth = { type: 'api_key', apiKey: await operator.key(scopes) } as const
      const client = new MCPClient({ serverUrl: server.url as string, auth, ...options })
      clients.push(client)
      return client
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close()
      await server.close()
      await folder.remove()
    },
  }
}
