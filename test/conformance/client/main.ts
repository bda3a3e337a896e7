// The program that the official suite starts to test the client: one process for each scenario, the server's URL as the last argument. It is
// what a user of `MCPClient` would write, and knows of a scenario only its name and what its context tells.

import { clientFor } from './clients.ts'
import { loadContext } from './context.ts'
import { callAsTold, echoSchema, listSkills, loadSkills, tryEverything } from './walks.ts'

const serverUrl = process.argv.at(-1) ?? ''
const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? ''
const context = loadContext(process.env['MCP_CONFORMANCE_CONTEXT'])

try {
  await using client = await clientFor({ serverUrl, scenario, context })
  if (context.toolCalls !== undefined) await callAsTold(client, context.toolCalls)
  else if (scenario === 'json-schema-2020-12-preservation') await echoSchema(client)
  else if (scenario === 'sep-2640-client-no-prefetch') await listSkills(client)
  else if (scenario.startsWith('sep-2640-')) await loadSkills(client)
  else await tryEverything(client)
} catch (error) {
  // Some scenarios are passed by refusing: the suite looks at what was sent, and keeps this beside it.
  console.error(error)
  process.exitCode = 1
}
