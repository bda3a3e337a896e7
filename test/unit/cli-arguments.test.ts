/** Arguments of a call as they are typed, what is done with what a tool's schema says, and which server is meant. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkArguments } from '../../src/cli/calling/check-arguments.ts'
import { commandFor, nameOfTarget, parseWords } from '../../src/cli/calling/server-target.ts'
import { parseArguments, parseObject } from '../../src/cli/calling/typed-arguments.ts'
import { CliError } from '../../src/cli/errors.ts'

const usage = (message: RegExp) => (error: unknown) => error instanceof CliError && error.code === 'E-USAGE' && message.test(error.message)
const schema = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    all: { type: 'boolean' },
    either: { type: ['integer', 'string'] },
    maybe: { anyOf: [{ type: 'number' }, { type: 'null' }] },
    level: { enum: [1, 2, 'most'] },
    tags: { type: 'array', items: { type: 'string' } },
    sizes: { $ref: '#/$defs/sizes' },
    filter: { type: 'object' },
    endless: { $ref: '#/$defs/endless' },
  },
  $defs: { sizes: { type: 'array', items: { $ref: '#/$defs/size' } }, size: { type: 'number' }, endless: { $ref: '#/$defs/endless' } },
}

test('the schema says what kind of value is meant', () => {
  for (const [words, args] of [
    [['path=a=b', 'count=3', 'ratio=-1.5e3', 'all=true'], { path: 'a=b', count: 3, ratio: -1500, all: true }],
    [['path=007', 'path2=007', 'either=7'], { path: '007', path2: '007', either: '7' }],
    [['maybe=null'], { maybe: null }],
    [['maybe=2', 'level=2'], { maybe: 2, level: 2 }],
    [['level=most', 'path='], { level: 'most', path: '' }],
    [['tags=a,b'], { tags: ['a,b'] }],
    [['tags=a', 'tags=true'], { tags: ['a', 'true'] }],
    [['tags=["x","y"]', 'sizes=1', 'sizes=2.5'], { tags: ['x', 'y'], sizes: [1, 2.5] }],
    [['filter={"a":[1]}', 'endless=x'], { filter: { a: [1] }, endless: 'x' }],
    [['path:=["as","said"]', 'count:=null'], { path: ['as', 'said'], count: null }],
    [['tags:=1', 'tags:="b"'], { tags: [1, 'b'] }],
    [['__proto__=x', 'constructor=y', 'toString=z'], JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}')],
  ] as const)
    assert.deepEqual(parseArguments(words, schema), args, words.join(' '))
  assert.deepEqual(parseArguments(['count=3'], {}), { count: '3' }, 'a schema that says nothing takes text')
})

test('what is not understood is told with the name of the argument, and without its value', () => {
  for (const [words, message] of [
    [['path'], /^path is no argument/],
    [['=x'], /is no argument/],
    [[':=1'], /has no name/],
    [['count=hidden'], /^the argument count must be a whole number$/],
    [['count=1.5'], /must be a whole number/],
    [['all=yes'], /^the argument all must be true or false$/],
    [['maybe=hidden'], /must be a number or null/],
    [['filter=hidden'], /must be a JSON object/],
    [['path:=hidden'], /^the argument path is not JSON/],
    [['path=a', 'path=b'], /^the argument path is given twice/],
    [['sizes=1', 'sizes=hidden'], /^the argument sizes must be a number/],
    [[`filter:=${'['.repeat(70)}${']'.repeat(70)}`], /is not JSON/],
  ] as const)
    assert.throws(
      () => parseArguments(words, schema),
      (error) => usage(message)(error) && !(error as CliError).message.includes('hidden'),
      words.join(' '),
    )
  for (const text of ['', '[]', '1', 'null', '{', '{"a":'])
    assert.throws(() => parseObject(text, '--args'), usage(/^--args is not a JSON object/))
  assert.deepEqual(parseObject('{"a":1}', '--args'), { a: 1 })
})

test('arguments that do not fit are told before anything is sent; a schema that nobody understands checks nothing', () => {
  const strict = { ...schema, required: ['path'], additionalProperties: false }
  assert.equal(checkArguments({ path: 'x' }, strict, 'the tool'), undefined)
  assert.throws(() => checkArguments({}, strict, 'the tool'), usage(/path/))
  assert.throws(() => checkArguments({ path: 'x', count: 'many' }, strict, 'the tool'), usage(/^arguments\/count must be integer/))
  assert.throws(() => checkArguments({ pth: 'x' }, strict, 'the tool'), usage(/'path', and it has no pth \(did you mean path\?\)$/))
  assert.throws(() => checkArguments({ zebra: 1 }, strict, 'the tool'), usage(/'path', and it has no zebra$/))
  assert.match(checkArguments({}, { type: 'object', properties: { a: { pattern: '(?=x)' } } }, '') ?? '', /schema/)
})

test('a server is a URL, or a command after two dashes', () => {
  const parse = (...argv: string[]) =>
    parseWords(
      'call',
      argv.slice(1).filter((word) => word !== '--'),
      argv,
    )
  assert.deepEqual(parse('call', 'https://a.example/mcp', 'tool', 'x=1'), {
    target: { url: 'https://a.example/mcp' },
    rest: ['tool', 'x=1'],
  })
  assert.deepEqual(parse('call', 'tool', 'x=1', '--', 'npx', '-y', 'server'), {
    target: { command: 'npx', args: ['-y', 'server'] },
    rest: ['tool', 'x=1'],
  })
  // After the first dashes all is the command's.
  assert.deepEqual(parseWords('tools', ['node', '--', 'x'], ['tools', '--', 'node', '--', 'x']).target, {
    command: 'node',
    args: ['--', 'x'],
  })
  for (const [argv, message] of [
    [['call'], /no server is named/],
    [['call', 'tool'], /tool is not the URL of a server/],
    [['call', 'ftp://a.example'], /is not the URL/],
    [['call', 'tool', '--'], /no command after/],
    [['call', 'https://a.example', 'tool', '--', 'x'], /a URL and a command are named/],
  ] as const)
    assert.throws(() => parse(...argv), usage(message))
  assert.equal(nameOfTarget({ url: 'https://a.example:8443/mcp?key=hidden' }), 'a.example:8443')
  assert.equal(
    commandFor('tools', { url: 'https://a.example/mcp?key=hidden' }, ['a b'], ' --yes'),
    "sallyport tools https://a.example/mcp --yes 'a b'",
  )
  assert.equal(
    commandFor('tools', { command: 'npx', args: ['-y', "it's"] }, ['x'], '--yes'),
    `sallyport tools x --yes -- npx -y 'it'\\''s'`,
  )
})

test('what would be sent as something else than what was typed is not sent', () => {
  for (const word of [
    'count=9007199254740993',
    'ratio=1e400',
    'ratio:=-1e400',
    'filter={"a":[12345678901234567890]}',
    'path:=9007199254740993',
  ])
    assert.throws(() => parseArguments([word], schema), usage(/a number that would be sent as another one$/), word)
  assert.throws(() => parseObject('{"a":{"id":9007199254740993}}', '--args'), usage(/^--args has a number/))
  for (const twice of ['{"a":1,"a":2}', '{"a":{"b":1,"\\u0062":2}}'])
    assert.throws(() => parseObject(twice, '--args'), usage(/is not a JSON object$/))
  assert.throws(() => parseArguments(['filter:={"a":1,"a":2}'], schema), usage(/is not JSON$/))
  const exact = { id: 9007199254740991, half: 0.5, large: 1e21, text: '9007199254740993' }
  assert.deepEqual(parseObject(JSON.stringify(exact), '--args'), exact)
})
