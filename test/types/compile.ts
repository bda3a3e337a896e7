// Compiles a program against the sources, to see which of its lines do not compile.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../support/paths.ts'

const NOTE = /^(\s*)\/\/ @ts-expect-error.*$/gm

export const readProgram = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/** The lines of each program that do not compile. In one run of the compiler, which reads all of our sources each time. */
export function errorsOf(...programs: readonly string[]): number[][] {
  const errors = problemsIn(programs).map((problem) => /^program-(\d+)\.ts\((\d+),/.exec(problem)?.slice(1).map(Number) ?? [])
  return programs.map((_, at) => errors.flatMap(([index, line]) => (index === at ? [line as number] : [])))
}

/** What does not compile in any of several programs, each for itself: `program-0.ts(12,3): …`. Outside the repository. */
export function problemsIn(programs: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-types-'))
  try {
    for (const [index, program] of programs.entries())
      writeFileSync(join(folder, `program-${index}.ts`), program.replaceAll("'../../src/", `'${join(ROOT, 'src')}/`))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const compilerOptions = {
      noEmit: true,
      composite: false,
      rootDir: '/',
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      isolatedDeclarations: false,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['program-*.ts'] }),
    )
    const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' })
    return stdout.split('\n').flatMap((line) => /program-\d+\.ts\(.*/.exec(line)?.[0] ?? [])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The lines that notes say do not compile. */
export const expectedIn = (program: string): number[] =>
  program.split('\n').flatMap((line, at) => (line.trimStart().startsWith('// @ts-expect-error') ? [at + 2] : []))

export const withoutNotes = (program: string): string => program.replace(NOTE, '$1//')
