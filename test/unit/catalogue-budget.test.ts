import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createRanking } from '../../src/catalogue/budget/ranking.ts'
import { shortenText, shortenTool } from '../../src/catalogue/budget/shorten.ts'
import { toAskedWords, toSearchWords } from '../../src/catalogue/budget/words.ts'
import { catalogueSchema, createCatalogue, toCatalogueRules } from '../../src/catalogue/index.ts'
import { createRedactor, estimateTokens, type JsonObject, OWN_ORIGIN } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { principal, say, tool } from '../support/engine.ts'

verifies('catalogue-cut', 'catalogue-search')

const text = fc.array(fc.constantFrom('a', 'word ', '. ', '.', '\n', '。', '👩‍💻', '😀', '\ud83d', 'é', ' ', '…', 'Ωmega'), {
  maxLength: 200,
})
const deterministic = { seed: 7, numRuns: 500 }

suite('a long description', () => {
  test('is cut to the end of a sentence, else of a word, and says that it was', () => {
    const long = 'Reads one file. It must be below the folder. Never reads what a link leads to.'
    assert.equal(shortenText(long, 50), 'Reads one file. It must be below the folder.…')
    assert.equal(shortenText(long, 42), 'Reads one file. It must be below the…')
    assert.equal(shortenText(long, long.length), long)
    assert.equal(shortenText('x'.repeat(100), 40), `${'x'.repeat(39)}…`)
    assert.equal(shortenText('Version 1.2.3 of a thing that has no end and no full stop', 40), 'Version 1.2.3 of a thing that has no…')
  })

  test('is never longer than told, never half a character more, and cut twice it is cut the same', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 40, max: 300 }), (parts, characters) => {
        const whole = parts.join('')
        const cut = shortenText(whole, characters)
        assert.ok(cut.length <= characters)
        assert.equal(cut, shortenText(whole, characters))
        assert.equal(shortenText(cut, characters), cut)
        if (whole.isWellFormed()) assert.ok(cut.isWellFormed(), JSON.stringify(cut))
        if (cut !== whole) assert.ok(cut.endsWith('…') && whole.startsWith(cut.slice(0, -1)))
      }),
      deterministic,
    )
  })

  test('is cut wherever a schema has one, and nothing else of the definition is touched', () => {
    const long = 'word '.repeat(100)
    const short = `${'word '.repeat(10).trim()}…`
    const data = { description: long }
    const schema = (description: string): JsonObject => ({
      type: 'object',
      description,
      properties: { description: { type: 'string', description }, list: { type: 'array', items: { description } } },
      $defs: { one: { anyOf: [{ description }, { not: { description } }], default: data, examples: [data], const: data, enum: [data] } },
      additionalProperties: { description },
    })
    const definition = (description: string): JsonObject => ({
      name: 'one',
      title: long,
      description,
      inputSchema: schema(description),
      outputSchema: schema(description),
      annotations: { title: long },
      _meta: data,
    })
    const given = definition(long)
    assert.deepEqual(shortenTool(given, 50), definition(short))
    assert.deepEqual(given, definition(long), 'the definition itself stays whole')
    const brief = definition('brief')
    assert.equal(shortenTool(brief, 50), brief)
  })
})

suite('the words of a search', () => {
  test('are taken out of names as programmers write them', () => {
    assert.deepEqual(toSearchWords('list_openIssues HTTPServer-v2'), ['list', 'open', 'issue', 'http', 'server', 'v', '2'])
    assert.deepEqual(toSearchWords('Straße ＡＢＣ 文件搜索'), ['straße', 'abc', '文件', '件搜', '搜索'])
    assert.deepEqual(toSearchWords('!? …'), [])
    assert.deepEqual(toAskedWords('How do I list the issues, the open issues?'), ['list', 'issue', 'open'])
  })
})

const described = (name: string, description: string, properties: object = {}) =>
  tool(name, () => say(''), { definition: { name, description, inputSchema: { type: 'object', properties } } })

suite('a search for tools', () => {
  const tools = [
    described('create_issue', 'Opens a new issue in a repository.'),
    described('list_issues', 'Lists issues of a repository.', { state: {}, labels: {} }),
    described('send_mail', 'Sends a message. Mentions an issue, a repository and much else that has little to do with it.'),
    described('get_weather', 'The weather at a place.', { latitude: {}, longitude: {} }),
  ]
  const all = new Uint8Array(tools.length).fill(1)
  const ranked = (query: string, permitted = all) =>
    createRanking(tools)
      .search(query, permitted)
      .map((at) => tools[at]?.name)

  test('puts a name before a mention, finds parameters and beginnings, and gives who knows the name that tool first', () => {
    assert.deepEqual(ranked('open an issue'), ['create_issue', 'list_issues', 'send_mail'])
    assert.deepEqual(ranked('latitude'), ['get_weather'])
    assert.deepEqual(ranked('repo')[0], 'create_issue')
    assert.deepEqual(ranked('SEND_MAIL')[0], 'send_mail')
    assert.deepEqual(ranked('do with')[0], 'send_mail', 'words of every question count where there is nothing else')
    assert.deepEqual(ranked('of the sea'), [])
    assert.deepEqual(ranked('zebra'), [])
  })

  test('answers in an order that what its caller may not use has no part in', () => {
    const word = fc.constantFrom('issue', 'mail', 'open', 'repo', 'file', 'files', 'list', 'weather')
    const name = fc.array(word, { minLength: 1, maxLength: 3 })
    const definition = fc.record({ name, description: fc.array(word, { maxLength: 8 }), isHidden: fc.boolean() })
    fc.assert(
      fc.property(fc.array(definition, { minLength: 1, maxLength: 12 }), fc.array(word, { minLength: 1, maxLength: 4 }), (given, query) => {
        const made = given.map(({ name, description }, at) => described(`${name.join('_')}_${at}`, description.join(' ')))
        const permitted = Uint8Array.from(given, ({ isHidden }) => (isHidden ? 0 : 1))
        const names = createRanking(made)
          .search(query.join(' '), permitted)
          .map((at) => made[at]?.name)
        const visible = made.filter((_, at) => permitted[at] === 1)
        const alone = createRanking(visible)
          .search(query.join(' '), new Uint8Array(visible.length).fill(1))
          .map((at) => visible[at]?.name)
        assert.deepEqual(names, alone)
      }),
      deterministic,
    )
  })
})

suite('the budget of a catalogue', () => {
  const tools = [
    ...Array.from({ length: 20 }, (_, at) => described(`tool_${at}`, 'Does something. '.repeat(20))),
    described('small', 'Small.'),
  ]
  const alice = principal('alice')
  const reader = principal('reader', { servers: ['nowhere'] })
  function listed(settings: Parameters<typeof toCatalogueRules>[0], who = alice, entries = tools) {
    const catalogue = createCatalogue({ redactor: createRedactor(), pageItems: 1_000, rules: toCatalogueRules(settings) })
    catalogue.replace('test', entries)
    const text = catalogue.list('tool', 'modern', who, undefined) ?? ''
    return { catalogue, names: JSON.parse(text).tools.map(({ name }: { name: string }) => name) as string[], text }
  }
  const names = tools.map(({ name }) => name)

  test('changes nothing unless it is told, nor where the list is within it', () => {
    assert.equal(toCatalogueRules({}), undefined)
    assert.deepEqual(listed({}).names, names)
    assert.deepEqual(listed({ search: 'auto' }).names, names)
    assert.deepEqual(listed({ descriptionCharacters: 1_000 }).names, names)
  })

  test('becomes a search for whom the list is too large, with what is always listed beside it', () => {
    assert.deepEqual(listed({ maxTokens: 1_000 }).names, ['find_tools', 'call_tool'])
    assert.deepEqual(listed({ maxTokens: 1_000, always: ['small', '*_1'] }).names, ['find_tools', 'call_tool', 'tool_1', 'small'])
    assert.deepEqual(listed({ search: 'always' }).names, ['find_tools', 'call_tool'])
    const few = tools.map((entry, at) => (at < 19 ? { ...entry, permission: { access: 'denied' } as const } : entry))
    assert.deepEqual(listed({ maxTokens: 1_000 }, alice, few).names, ['tool_19', 'small'])
    assert.deepEqual(listed({ maxTokens: 1_000 }, reader).names, [])
  })

  test('lists what is ours beside the search, and no search to whom nothing else is permitted', () => {
    const ours = {
      ...described('read_on', 'Reads on.'),
      permission: { access: 'public' },
      origin: { server: OWN_ORIGIN, name: 'read_on' },
    } as const
    assert.deepEqual(listed({ maxTokens: 1_000 }, alice, [...tools, ours]).names, ['find_tools', 'call_tool', 'read_on'])
    assert.deepEqual(listed({ search: 'always' }, reader, [...tools, ours]).names, ['read_on'])
  })

  test('lists a tool with encrypted fields beside the search: who has not seen their marks would send them in clear', () => {
    const plain = described('pay', 'Pays.')
    const sealed = { ...plain, definition: { ...plain.definition, _meta: { 'sallyport/encryption': { v: 1 } } } }
    assert.deepEqual(listed({ search: 'always' }, alice, [...tools, sealed]).names, ['find_tools', 'call_tool', 'pay'])
    // Of an upstream behind somebody who keeps schemas and nothing else.
    const inputSchema = { type: 'object', properties: { card: { type: 'string', 'x-sallyport-encrypted': true } } }
    const marked = { ...plain, definition: { ...plain.definition, inputSchema } }
    assert.deepEqual(listed({ search: 'always' }, alice, [...tools, marked]).names, ['find_tools', 'call_tool', 'pay'])
  })

  test('is kept by cut descriptions where that is enough, and then the whole can be found', () => {
    const settings = { descriptionCharacters: 60, maxTokens: 1_000 }
    const { names: cut, text } = listed(settings)
    assert.deepEqual(cut, ['find_tools', ...names])
    assert.equal(listed(settings).text.includes('Does something. Does something. Does something.…'), true)
    assert.ok(estimateTokens(text) < 1_300)
  })

  test('says what it saves', () => {
    const { catalogue } = listed({ maxTokens: 1_000, always: ['small'] })
    const { tools: before, listedTools, tokens, listedTokens } = catalogue.weigh() ?? assert.fail()
    assert.deepEqual([before, listedTools], [21, 3])
    assert.ok(tokens > 1_500 && listedTokens < 600, `${tokens} ${listedTokens}`)
    assert.equal(listed({}).catalogue.weigh(), undefined)
  })

  test('is told strictly', () => {
    for (const wrong of [
      { tokens: 1 },
      { maxTokens: 0 },
      { descriptionCharacters: 10 },
      { search: 'no' },
      { always: 'x' },
      { search: 'never', maxTokens: 5 },
      { search: 'always', maxTokens: 5 },
      { search: 'never', always: ['x'] },
    ])
      assert.equal(catalogueSchema.safeParse(wrong).success, false, JSON.stringify(wrong))
    assert.equal(catalogueSchema.safeParse({ search: 'auto', maxTokens: 1_000, descriptionCharacters: 400, always: ['*'] }).success, true)
  })
})
