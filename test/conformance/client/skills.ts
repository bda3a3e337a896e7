import type { MCPClient } from '../../../src/client/index.ts'
export async function loadSkills(client: MCPClient, _: { readonly andRead: boolean }): Promise<void> {
  await client.request({ method: 'skills/list' })
}
