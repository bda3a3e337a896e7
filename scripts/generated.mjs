/**
 * The parts of the documents that are made from code: `npm run docs` writes them, `test/docs` compares them. Needs Node 24, since
 * it reads the source.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pageText } from './page-text.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** File → its whole text as it must be. */
export async function generated() {
  const { configJsonSchema } = await import('../src/gateway/index.ts')
  const { requirements } = await import('../test/requirements.ts')
  const { consentPage } = await import('../src/oauth/pages/consent.ts')
  const { exampleConsent } = await import('../test/fixtures/consent-page.ts')
  const schema = configJsonSchema()
  return new Map([
    ['schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['docs/configuration.md', replaced('docs/configuration.md', 'keys', keys(schema))],
    ['docs/consent.md', replaced('docs/consent.md', 'page', `\`\`\`text\n${pageText(consentPage(exampleConsent).body.text)}\n\`\`\`\n`)],
    ['README.md', replaced('README.md', 'requirements', claims(requirements))],
  ])
}

function replaced(file, name, text) {
  const before = readFileSync(root + file, 'utf8')
  const [begin, end] = [`<!-- ${name}: npm run docs -->\n`, `<!-- /${name} -->`]
  const parts = before.split(begin)
  const rest = parts[1]?.split(end)
  if (parts.length !== 2 || rest?.length !== 2) throw new Error(`${file} needs one ${begin.trim()} and one ${end}`)
  return `${parts[0]}${begin}\n${text}\n${end}${rest[1]}`
}

function claims(requirements) {
  const rows = Object.entries(requirements).map(([id, { kind, behaviour }]) => `| ${id} | ${kind} | ${behaviour} |`)
  return ['| id | kind | what holds |', '|---|---|---|', ...rows, ''].join('\n')
}

function keys(schema) {
  const rows = []
  walk('', schema)
  return ['| key | value | what it does |', '|---|---|---|', ...rows, ''].join('\n')

  function walk(path, node) {
    for (const [key, value] of Object.entries(node.properties ?? {})) {
      if (key === '$schema') continue
      const name = path ? `${path}.${key}` : key
      rows.push(`| \`${name}\` | ${kind(value)} | ${(value.description ?? '').replaceAll('|', '\\|')} |`)
      // The same block under another name.
      if (key === 'mcpServers') continue
      walkAll(name, value)
    }
  }
  function walkAll(name, value) {
    for (const branch of value.anyOf ?? [value]) {
      walk(name, branch)
      if (typeof branch.additionalProperties === 'object') walkAll(`${name}.${wordFor(name)}`, branch.additionalProperties)
    }
  }
  /** What stands for any name in a map. */
  function wordFor(name) {
    const words = { release: 'TOOL', references: 'TOOL', TOOL: 'ARGUMENT', byRole: 'ROLE', byClient: 'CLIENT', scopes: 'SCOPE' }
    return words[name.split('.').at(-1)] ?? 'NAME'
  }
  function kind(value) {
    if (value.enum) return value.enum.map((one) => `\`${one}\``).join(', ')
    if (value.anyOf) return value.anyOf.map(kind).join(' or ')
    if (value.type === 'array') return `list of ${kind(value.items)}s`
    if (value.additionalProperties?.enum) return `map to ${kind(value.additionalProperties)}`
    if (value.type === 'object') return value.properties ? 'block' : 'map'
    if (Array.isArray(value.type)) return value.type.join(' or ')
    const range = value.minimum !== undefined && value.maximum < Number.MAX_SAFE_INTEGER ? `, ${value.minimum} to ${value.maximum}` : ''
    return `${value.type}${range}`
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [file, text] of await generated()) {
    if (existing(file) === text) continue
    writeFileSync(root + file, text)
    console.log(`wrote ${file}`)
  }

function existing(file) {
  try {
    return readFileSync(root + file, 'utf8')
  } catch {
    return undefined
  }
}
