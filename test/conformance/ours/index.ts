// The server under test, put together: what it offers is in the files beside this one.

import { MCPServer } from '../../../src/index.ts'
import { contentTools } from './content-tools.ts'
import { prompts } from './prompts.ts'
import { resources, resourceTemplates } from './resources.ts'
import { roundTools } from './round-tools.ts'
import { schemaTools } from './schema-tools.ts'
import { createSometimes } from './sometimes.ts'
import { statefulTools } from './stateful-tools.ts'
import { talkingTools } from './talking-tools.ts'
import { taskTools } from './task-tools.ts'

export interface OursOptions {
  readonly port: number
  readonly dataDir: string | undefined
  /** Serves callers without a credential: the suite has none. */
  readonly anonymous: boolean
}

export function createOurs({ port, dataDir, anonymous }: OursOptions): MCPServer {
  const sometimes = createSometimes((definitions) => server.update(definitions), {
    tools: [...contentTools, ...talkingTools, ...schemaTools, ...roundTools, ...statefulTools, ...taskTools],
    prompts,
  })
  const server = new MCPServer({
    name: 'conformance',
    version: '1.0.0',
    port,
    dataDir,
    ...sometimes.definitions(),
    resources,
    resourceTemplates,
    // Where the suite's clients sign in, they may come with a description of their own; nothing asks the internet whether they could.
    auth: anonymous ? { dangerouslyAllowAnonymous: true, cimd: 'off' } : { cimd: 'on' },
    // The suite sends some hundred requests in a few seconds; what is tested here is the protocol, not the limits.
    rateLimit: { max: 100_000 },
    strict: true,
    log: false,
  })
  return server
}
