// The program that the official suite starts to test the client: one process for each scenario, the server's URL as the last argument. It is
// what a user of `MCPClient` would write, and knows of a scenario only what its context tells: `npm run conformance:client -- URL`.

import { AuthorizationError } from '../../../src/client/index.ts'
import { clientFor, REDIRECT_URI } from './clients.ts'
import { loadContext } from './context.ts'
import { loadSkills } from './skills.ts'
import { visit } from './visit.ts'
import { callAsTold, echoSchema, tryEverything } from './walks.ts'

const serverUrl = process.argv.at(-1) ?? ''
const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? ''
const context = loadContext(process.env['MCP_CONFORMANCE_CONTEXT'])

try {
  await using client = clientFor({ serverUrl, scenario, context })
  for (let round = 0; ; round++)
    try {
      if (context.toolCalls !== undefined) await callAsTold(client, context.toolCalls)
      else if (scenario === 'json-schema-2020-12-preservation') await echoSchema(client)
      else if (scenario.startsWith('sep-2640-')) await loadSkills(client, { andRead: scenario !== 'sep-2640-client-no-prefetch' })
      else await tryEverything(client)
      break
    } catch (error) {
      if (round === 3 || !(error instanceof AuthorizationError) || !['sign_in_required', 'insufficient_scope'].includes(error.code))
        throw error
      await client.handleCallback(await visit(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })))
    }
} catch (error) {
  // Some scenarios are passed by refusing: the suite looks at what was sent, and keeps this beside it.
  console.error(error)
  process.exitCode = 1
}
