/**
 * Finds and reads the configuration file, and remembers on which line everything is. YAML, JSON and JSON with comments
 * go through one parser, which knows positions and refuses duplicate keys.
 *
 * @module
 */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import type { Node, Pair } from 'yaml'
import { ConfigError } from '../../core/index.ts'
import { requireOurs } from '../../vault/index.ts'

export interface SourceFile {
  /** Absolute. */
  readonly path: string
  /** As a person calls it: `sallyport.yaml`. */
  readonly name: string
  readonly dir: string
  readonly value: unknown
  /** `sallyport.yaml:12` for what is at `path`, or for the nearest thing around it. */
  where(path: readonly PropertyKey[]): string
  /** The keys at `path` in the order they are written, which a JavaScript object may not keep. */
  keys(path: readonly PropertyKey[]): readonly string[]
}

const NAMES = ['sallyport.yaml', 'sallyport.yml', 'sallyport.json', 'sallyport.jsonc']
const MAX_BYTES = 1024 * 1024

const require = createRequire(import.meta.url)
/** With the first file: what is guarded may be on the command line, and the parser is 72 modules and 27 ms. */
const yaml = (): typeof import('yaml') => require('yaml') as typeof import('yaml')

/** Looks in `cwd`, then upwards. A file that somebody else could have put there is not believed. */
export function findConfigFile(cwd: string): string | undefined {
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    const found = NAMES.map((name) => join(dir, name)).filter((path) => existsSync(path))
    if (found.length > 1) throw new ConfigError([`${dir}: has ${found.map((path) => basename(path)).join(' and ')}; keep one`])
    if (found[0] !== undefined) {
      // It names commands to run, so in a shared folder such as /tmp it must not be anybody else's.
      requireOurs(found[0], 'If it is meant, name it with --config.')
      return found[0]
    }
    if (dir === dirname(dir)) return undefined
  }
}

/** @throws {ConfigError} where it cannot be read or parsed. */
export function readSourceFile(file: string): SourceFile {
  const path = resolve(file)
  const name = basename(path)
  const text = readText(path, name)
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = yaml()
  const lines = new LineCounter()
  const document = parseDocument(/\.jsonc?$/.test(name) ? withoutComments(text) : text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    strict: true,
  })
  const at = (offset: number): string => `${name}:${lines.linePos(offset).line}`
  const problems = [...document.errors, ...document.warnings]
  // The parser's messages may quote what is written.
  if (problems.length > 0) throw new ConfigError(problems.map(({ code, pos }) => `${at(pos[0])}: ${complaint(code)}`))

  /** What is at `path`, or as far along it as there is something. */
  const follow = (
    path: readonly PropertyKey[],
  ): { readonly found: Pair<Node, Node | null> | Node | undefined; readonly whole: boolean } => {
    let node: Node | null | undefined = document.contents as Node | null
    let found: Pair<Node, Node | null> | Node | undefined = node ?? undefined
    for (const key of path) {
      if (isMap<Node, Node | null>(node)) {
        const pair: Pair<Node, Node | null> | undefined = node.items.find(
          (item) => isScalar(item.key) && String(item.key.value) === String(key),
        )
        if (!pair) return { found, whole: false }
        found = pair
        node = pair.value
      } else if (isSeq<Node>(node) && typeof key === 'number') found = node = node.items[key]
      else return { found, whole: false }
    }
    return { found, whole: true }
  }
  return {
    path,
    name,
    dir: dirname(path),
    value: readValue(document, name),
    where(path) {
      const { found } = follow(path)
      const offset = found && 'key' in found ? found.key?.range?.[0] : (found as Node | undefined)?.range?.[0]
      return offset === undefined ? name : at(offset)
    },
    keys(path) {
      const { found, whole } = follow(path)
      const map = !whole ? undefined : found && 'key' in found ? found.value : found
      return isMap<Node>(map) ? map.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : []
    },
  }
}

function readValue(document: ReturnType<typeof import('yaml').parseDocument>, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch {
    throw new ConfigError([`${name}: refers to itself too often`])
  }
}

function readText(path: string, name: string): string {
  try {
    if (statSync(path).size > MAX_BYTES) throw new ConfigError([`${name}: is larger than ${MAX_BYTES} bytes`])
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([
      code === 'ENOENT'
        ? `${path}: there is no such file: write one (docs/configuration.md), or name another`
        : `${path}: cannot be read (${code})`,
    ])
  }
}

function complaint(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'this key is here twice'
    case 'TAB_AS_INDENT':
      return 'a tab is used to indent; YAML wants spaces'
    case 'BAD_INDENT':
      return 'the indentation does not fit'
    default:
      return `this is not valid (${code.toLowerCase().replaceAll('_', ' ')})`
  }
}

/** JSON with comments as JSON, every character in its place. Tabs between tokens become spaces, which YAML insists on. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\/|\t/g, (token) =>
    token.startsWith('"') ? token : token.replace(/[^\n]/g, ' '),
  )
}
