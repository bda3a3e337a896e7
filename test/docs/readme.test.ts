/** What README and the other documents tell people to type exists, and what they point to is there. */

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { clientLines } from '../../src/cli/client-lines.ts'
import { createProgram } from '../../src/cli/program.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { mcp, ROOT } from '../support/index.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const documents = ['README.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: ROOT }), 'bench/README.md'].filter((file) =>
  existsSync(join(ROOT, file)),
)

/** Every `sallyport …` in code, up to what ends a command. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/(?:^\$ (?:npx )?|^npx |`)sallyport ((?:[a-z-]+)(?: [^`\n]*)?)/gm)].map(([, rest]) => (rest as string).trim())

/** Why `line` would not be understood, or undefined. */
function problemWith(line: string): string | undefined {
  const [own = ''] = line.split(/ -- | #/)
  const words = own.split(/\s+/)
  let command: Command = createProgram([])
  while (words.length > 0) {
    const next = command.commands.find((one) => one.name() === words[0])
    if (!next) break
    command = next
    words.shift()
  }
  if (command.parent === null) return `there is no command ${words[0]}`
  for (const word of words)
    if (word.startsWith('--') && !command.options.some(({ long }) => long === word)) return `${command.name()} has no option ${word}`
  return undefined
}

test('every command that a document shows exists, with its options', () => {
  const seen = new Set<string>()
  for (const file of documents)
    for (const line of commandsIn(read(file))) {
      assert.equal(problemWith(line), undefined, `${file}: sallyport ${line}`)
      seen.add(line.split(' ')[0] as string)
    }
  for (const name of ['guard', 'key', 'audit', 'why', 'doctor', 'schema', 'user']) assert.ok(seen.has(name), `no document shows ${name}`)
})

test('the check of commands finds what is wrong', () => {
  assert.match(problemWith('fly --high') ?? '', /no command fly/)
  assert.match(problemWith('key create --nome x') ?? '', /no option --nome/)
  assert.equal(problemWith('guard --classify annotations -- node --inspect server.js'), undefined)
})

test('README lists every command', () => {
  const table = read('README.md').split('## Commands')[1]?.split('\n## ')[0] ?? ''
  for (const command of createProgram([]).commands) {
    const names = command.commands.length > 0 ? command.commands.map((one) => `${command.name()} ${one.name()}`) : [command.name()]
    for (const name of names) assert.ok(table.includes(name), `README does not list ${name}`)
  }
})

test('README shows the lines that guard prints', () => {
  const readme = read('README.md')
  for (const { line } of clientLines('notes', 'http://localhost:7777/mcp')) assert.ok(readme.includes(line), line)
})

test('README has these programs; the client one is run by test/clients', async () => {
  const snippets = await snippetsIn('README.md')
  assert.deepEqual(
    snippets.map(({ heading }) => heading),
    ['A server of your own', 'A client of your own', 'What is yours stays yours', 'A tool can do what it was granted'],
  )
})

test('the server of README has ten lines, and runs: nobody rolls a die who has not signed in', async () => {
  const [snippet] = (await snippetsIn('README.md')) as [Snippet]
  assert.ok(snippet.program.split('\n').filter((line) => line !== '').length <= 10)
  await using ran = await runSnippet(snippet)
  const url = ran.server.url as string
  assert.equal((await mcp(url).call('roll', { sides: 6 })).status, 401)
  const client = await ran.connect(['tools:execute'])
  const { content } = await client.callTool('roll', { sides: 2 })
  assert.match(JSON.stringify(content), /"text":"[12]"/)
  assert.deepEqual(await (await ran.connect(['tools:read'])).listTools(), [])
})

test('the payments of README take a card that is sealed, and answer what their rule names', async () => {
  const [, , snippet] = (await snippetsIn('README.md')) as [Snippet, Snippet, Snippet]
  await using ran = await runSnippet(snippet)
  const url = ran.server.url as string
  const client = await ran.connect(['tools:execute'])
  const { content } = await client.callTool('pay', { invoice: 'A-17', card: '4000 0566 5566 5556' })
  const [block] = content
  assert.match(block?.type === 'text' ? block.text : '', /^\{"paid":true,"email":"tok_email_\w+"\}$/)
  assert.equal((await mcp(url).call('pay', { invoice: 'A-17', card: '4000' })).status, 401)
})

test('the converter of README reads what it was granted, and code calls it', needsBubblewrap, async () => {
  const [, , , snippet] = (await snippetsIn('README.md')) as [Snippet, Snippet, Snippet, Snippet]
  const convert = `import { readFileSync } from 'node:fs'
export default ({ text }: { text: string }) => readFileSync(new URL(text, import.meta.url), 'utf8')`
  await using ran = await runSnippet(snippet, { 'convert.ts': convert, 'templates/letter': 'Dear Ben' })
  const client = await ran.connect()
  const { structuredContent } = await client.callTool('run_code', {
    code: "return (await tools.convert({ text: './templates/letter' })).length",
  })
  assert.deepEqual(structuredContent, { result: 8, calls: 1 })
  const { content } = await client.callTool('convert', { text: '../../etc/passwd' })
  assert.match(JSON.stringify(content), /The tool convert (?:tried to read what it was not granted|failed)/)
})

test('README tells the story of every example', () => {
  const table = read('README.md').split('## Examples')[1]?.split('\n## ')[0] ?? ''
  const examples = globSync('examples/*/server.ts', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'))
  assert.ok(examples.length >= 8)
  for (const example of examples) assert.ok(table.includes(`](${example})`), example)
})

test('every npm script that a document names exists', () => {
  const { scripts } = JSON.parse(read('package.json'))
  for (const file of documents)
    for (const [, run, plain] of read(file).matchAll(/npm (?:run ([a-z:-]+)|(start|test)\b)/g)) {
      const name = run ?? plain ?? ''
      assert.ok(name in scripts, `${file}: npm run ${name}`)
    }
})

test('every file that a document links to is there, and every heading', () => {
  for (const file of documents)
    for (const [, target = ''] of read(file).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path, anchor] = target.split('#')
      const linked = path ? join(dirname(file), path) : file
      assert.ok(existsSync(join(ROOT, linked)), `${file} → ${target}`)
      if (!anchor) continue
      const headings = [...read(linked).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        (heading as string)
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      )
      assert.ok(headings.includes(anchor), `${file} → ${target}`)
    }
})
