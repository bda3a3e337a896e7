import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verifies } from '../requirements.ts'

verifies('one-order')

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = readFileSync(new URL('pipeline.ts', import.meta.url), 'utf8')
const EXPECTED = /^\/\/ @ts-expect-error.*$/gm

/** Compiles a program outside the repository against the sources in it; answers the lines that do not compile. */
function errorsOf(program: string): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-types-'))
  try {
    writeFileSync(join(folder, 'program.ts'), program.replaceAll("'../../src/", `'${root}src/`))
    const compilerOptions = {
      noEmit: true,
      composite: false,
      rootDir: '/',
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      isolatedDeclarations: false,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: ['program.ts'] }),
    )
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' })
    return stdout
      .split('\n')
      .flatMap((line) => /program\.ts\((\d+),/.exec(line)?.[1] ?? [])
      .map(Number)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the types of the pipeline', () => {
  it('let the order compile, and nothing else', () => {
    assert.deepEqual(errorsOf(source), [])
  })
  it('refuse each skipped or reordered stage: without the notes that expect it, every one is an error', () => {
    const lines = source.split('\n')
    const expected = lines.flatMap((line, at) => (line.startsWith('// @ts-expect-error') ? [at + 2] : []))
    assert.ok(expected.length >= 10)
    assert.deepEqual(errorsOf(source.replace(EXPECTED, '//')), expected)
  })
})
