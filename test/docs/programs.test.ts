/** Every program in every document compiles. One run of the compiler for all of them: each run reads all of our sources. */

import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { suite, test } from 'node:test'
import { ROOT } from '../support/paths.ts'
import { compileProblems, type Snippet, snippetsIn } from '../support/snippets.ts'

const WRONG = 'a program that is wrong'
const programs: [file: string, snippet: Snippet][] = [
  [WRONG, { heading: '', program: "import { tool } from 'sallyport'\ntool({ name: 1 })\n" }],
]
for (const file of ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).sort()])
  for (const snippet of await snippetsIn(file)) programs.push([file, snippet])

const problems = compileProblems(programs.map(([, snippet]) => snippet))
const problemsOf = (wanted: string): string[] =>
  programs.flatMap(([file], at) => (file === wanted ? problems.filter((problem) => problem.startsWith(`program-${at}.ts`)) : []))

suite('the programs of documents compile', () => {
  for (const file of new Set(programs.map(([file]) => file))) if (file !== WRONG) test(file, () => assert.deepEqual(problemsOf(file), []))
  test('where one does not, that is seen', () => assert.match(problemsOf(WRONG)[0] ?? '', /program-0\.ts\(2,/))
})
