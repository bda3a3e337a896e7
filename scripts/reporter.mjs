/**
 * A reporter for node:test: prints failures and skips, and sends the counts to the parent over its channel. Counts tests and
 * not suites; a file that failed to load is one failed test.
 */

export default async function* report(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const said = new Map()
  const unfinished = new Set()
  for await (const { type, data } of source) {
    if (type === 'test:pass' || type === 'test:fail') {
      const suite = data.details?.type === 'suite'
      const failed = type === 'test:fail'
      // A parent fails because a test below it did: that one has been counted.
      const inherited = failed && data.details?.error?.failureType === 'subtestsFailed'
      if (inherited || (suite && !failed)) continue
      if (data.skip !== undefined && data.skip !== false) {
        counts.skipped++
        yield `  skipped: ${data.name}${typeof data.skip === 'string' && data.skip ? ` (${data.skip})` : ''}\n`
      } else if (failed && data.todo === undefined) {
        counts.failed++
        yield `✗ ${data.name}\n  ${data.file ?? ''}${data.line ? `:${data.line}` : ''}\n${indent(text(data.details?.error))}\n`
        // A file that could not be loaded says why on stderr only.
        if (data.file && data.name.endsWith(data.file.split(/[\\/]/).at(-1))) yield indent(said.get(data.file) ?? '')
      } else counts.passed++
      process.send?.({ ...counts, unfinished: [...unfinished] })
    } else if (type === 'test:dequeue' && data.nesting === 0) unfinished.add(data.name)
    else if (type === 'test:complete' && data.nesting === 0) unfinished.delete(data.name)
    else if (type === 'test:stderr') said.set(data.file, ((said.get(data.file) ?? '') + data.message).slice(-8000))
  }
  process.send?.({ done: counts })
}

function text(error) {
  const cause = error?.cause ?? error
  return cause?.stack ?? String(cause ?? error?.message ?? 'failed')
}

const indent = (lines) => lines.replace(/^/gm, '    ')
