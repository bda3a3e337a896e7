/**
 * `sallyport read URL URI`: a resource. Into a pipe it goes as it is, byte for byte, as `cat` would; at a terminal it is made harmless.
 * Without a URI, the resources that there are.
 *
 * @module
 */

import { writeNew } from '../calling/results.ts'
import type { ServerFlags } from '../calling/server-flags.ts'
import { commandFor } from '../calling/server-target.ts'
import { shownLine, shownText } from '../calling/shown-text.ts'
import { type Server, withServer } from '../calling/with-server.ts'
import { CliError } from '../errors.ts'
import { table } from '../output.ts'
import { shownShort } from '../shown.ts'

export interface ReadFlags extends ServerFlags {
  readonly out?: string
}

export const read = (words: readonly string[], argv: readonly string[], flags: ReadFlags): Promise<void> =>
  withServer('read', words, argv, flags, async (server) => {
    const [uri, ...more] = server.rest
    if (more.length > 0) throw new CliError('E-USAGE', 'only one resource can be read', 'name one URI')
    await (uri === undefined ? list(server) : readOne(server, uri, flags.out))
  })

async function readOne({ client, output, request }: Server, uri: string, out: string | undefined): Promise<void> {
  const result = await request(`reading ${shownShort(uri)}`, (options) => client.readResource(uri, options))
  const parts = result.contents.map((content) => ('blob' in content ? Buffer.from(content.blob, 'base64') : content.text))
  if (out !== undefined) {
    const [part, ...rest] = parts
    if (part === undefined || rest.length > 0)
      throw new CliError('E-USAGE', `it has ${parts.length} parts, which is not one file`, 'leave out --out, and use --json')
    writeNew(out, part)
    output.object({ saved: out })
    output.line(`${output.paint('green', '✓')} ${Buffer.byteLength(part)} bytes are in ${shownShort(out)}`)
    return
  }
  output.object(result)
  if (output.json) return
  for (const [at, part] of parts.entries()) {
    if (!process.stdout.isTTY) process.stdout.write(part)
    else if (typeof part === 'string') process.stdout.write(`${shownText(part)}\n`)
    else output.line(`[${shownShort(result.contents[at]?.mimeType ?? 'unnamed')}, ${part.length} bytes; --out FILE saves it]`)
  }
}

async function list({ client, target, name, output, request }: Server): Promise<void> {
  const resources = await request(`asking ${name} for its resources`, (options) => client.listResources(options))
  const templates = await request(`asking ${name} for its resource templates`, (options) => client.listResourceTemplates(options))
  output.object({ resources, resourceTemplates: templates })
  if (resources.length + templates.length === 0) output.note(`${name} has no resources for you.`)
  else output.note(`Read one with \`${commandFor('read', target, ['URI'])}\`.`)
  const rows = [
    ...resources.map(({ uri, mimeType, description, title }) => [uri, mimeType, description ?? title]),
    ...templates.map(({ uriTemplate, mimeType, description, title }) => [uriTemplate, mimeType, description ?? title]),
  ]
  const cells = rows.map(([uri = '', type = '', text = '']) => [shownShort(uri), shownShort(type), shownLine(text)])
  for (const row of table(cells, process.stdout.columns)) output.line(row)
}
