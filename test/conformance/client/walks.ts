// What the program does with a server: everything that it offers, or what the suite tells.

import type { MCPClient } from '../../../src/client/index.ts'
import type { ToolCall } from './context.ts'
import { toExample } from './example.ts'

/** Calls each tool, reads each resource and gets each prompt. Tools are called at once, so that their rounds of questions overlap. */
export async function tryEverything(client: MCPClient): Promise<void> {
  const tools = await client.listTools()
  await settle(tools.map(({ name, inputSchema }) => client.callTool(name, toExample(inputSchema))))
  await settle((await client.listResources()).map(({ uri }) => client.readResource(uri)))
  await settle((await client.listPrompts()).map(({ name }) => client.getPrompt(name)))
}

export async function callAsTold(client: MCPClient, calls: readonly ToolCall[]): Promise<void> {
  await client.listTools()
  for (const { name, arguments: args } of calls) await client.callTool(name, args)
}

/** Sends the schema of the first tool back through the second, so that the suite sees whether anything of it was lost on the way. */
export async function echoSchema(client: MCPClient): Promise<void> {
  const [focal, echo] = await client.listTools()
  if (focal && echo) await client.callTool(echo.name, { schema: focal.inputSchema })
}

/** As a program does that shows its person what there is. */
export async function listSkills(client: MCPClient): Promise<void> {
  for (const { frontmatter } of await client.listSkills()) console.error(`${frontmatter.name}: ${frontmatter.description}`)
}

/** Loads each, and reads what belongs to it. */
export async function loadSkills(client: MCPClient): Promise<void> {
  for await (const entry of client.listSkills()) {
    const skill = await client.loadSkill(entry)
    for (const { uri } of entry.resources) await skill.read(uri)
  }
}

/** Each is done to its end; the first that failed is thrown. */
async function settle(work: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work)) if (outcome.status === 'rejected') throw outcome.reason
}
