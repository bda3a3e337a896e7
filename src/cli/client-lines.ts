/** The line to paste into each client. A key never goes into one: clients that take keys read them from the environment. Pure. @module */

export interface ClientLine {
  readonly client: string
  readonly line: string
}

/** `name` is what the client will call the server; `url` the endpoint. Both are ours, and safe in a shell. */
export function clientLines(name: string, url: string): ClientLine[] {
  return [
    { client: 'Claude Code', line: `claude mcp add --transport http ${name} ${url}` },
    { client: 'Codex', line: `codex mcp add ${name} --url ${url}` },
    { client: 'VS Code', line: `code --add-mcp '${JSON.stringify({ name, type: 'http', url })}'` },
    { client: 'Inspector', line: `npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list` },
  ]
}

/** A server's id as clients allow it in a name. */
export const toClientName = (id: string): string => id.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'sallyport'
