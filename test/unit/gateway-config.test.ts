import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { type Config, configJsonSchema, type LoadConfigOptions, loadConfig, lockFileOf } from '../../src/gateway/index.ts'
import { defaultBounds } from '../../src/server/index.ts'

const root = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
after(() => rmSync(root, { recursive: true }))
let folders = 0

function load(text: string, options: Partial<LoadConfigOptions> = {}, name = 'sallyport.yaml'): Config {
  const dir = join(root, String(++folders))
  mkdirSync(dir)
  writeFileSync(join(dir, name), text)
  return loadConfig({ cwd: dir, env: {}, ...options })
}
function problemsOf(text: string, options: Partial<LoadConfigOptions> = {}, name?: string): readonly string[] {
  try {
    load(text, options, name)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
  return assert.fail('should have been refused')
}

test('without a file everything has its default', () => {
  const dir = join(root, 'empty')
  mkdirSync(dir)
  const limit = { max: 1200, windowMs: 60_000 }
  assert.deepEqual(loadConfig({ cwd: dir, env: {} }), {
    file: undefined,
    listen: { port: 7777 },
    servers: [],
    rates: { address: limit, principal: limit, client: limit, tool: limit },
    bounds: { ...defaultBounds, argumentBytes: 4_194_304, resultBytes: 16_777_216, deadlineSeconds: 120 },
    results: { keepSeconds: 3_600, storedBytes: 134_217_728, stored: 256, tool: false, flow: undefined },
    personal: {},
    auth: undefined,
    catalogue: undefined,
    code: undefined,
    scopes: {},
    local: { scopes: [] },
    retention: {},
    audit: {},
    origins: [],
    log: 'info',
    dataDir: undefined,
    kms: undefined,
    warnings: [],
  })
})

test('the module for a key management service stands beside the file', () => {
  const { file, kms } = load('keys:\n  kms: ./kms.ts\n')
  assert.equal(kms, join(file ?? '', '..', 'kms.ts'))
  assert.match(problemsOf('keys:\n  kms: 7\n').join(), /keys\.kms/)
  assert.match(problemsOf('keys:\n  kmss: ./kms.ts\n').join(), /kmss/)
})

test('a whole file is read: commands, URLs, classes with their lines, bounds', () => {
  const config = load(
    `# yaml-language-server: $schema=./node_modules/sallyport/schema.json
listen: 7001
dataDir: ./data
log: warn
local: { scopes: [tools:read] }
origins: [https://app.example.com]
limits:
  tool: { max: 10 }
  deadlineSeconds: 5
servers:
  notes:
    command: ./serve
    args: [--root, ., 8080]
    env: { MODE: fast, RETRIES: 3 }
    timeoutSeconds: 2.5
    tools:
      write_*: ask
      read_file: read
      "*": deny
  remote:
    url: https://mcp.example.com/mcp?tenant=a#fragment
    headers: { X-Tenant: acme }
`,
  )
  const dir = join(root, String(folders))
  assert.equal(config.listen.port, 7001)
  assert.equal(config.dataDir, join(dir, 'data'))
  assert.equal(config.log, 'warn')
  assert.deepEqual(config.local.scopes, ['tools:read'])
  assert.deepEqual(config.origins, ['https://app.example.com'])
  assert.deepEqual(config.rates.tool, { max: 10, windowMs: 60_000 })
  assert.equal(config.bounds.deadlineSeconds, 5)
  // What a sandbox is made of is in gateway-sandbox.test.ts.
  assert.deepEqual(
    config.servers.map((server) => Object.fromEntries(Object.entries(server).filter(([key]) => key !== 'sandbox'))),
    [
      {
        id: 'notes',
        target: { command: './serve', args: ['--root', '.', '8080'], cwd: dir, env: { MODE: 'fast', RETRIES: '3' } },
        written: { command: './serve', args: ['--root', '.', '8080'], env: { MODE: 'fast', RETRIES: '3' } },
        tools: [
          { glob: 'write_*', class: 'ask', where: 'sallyport.yaml:17' },
          { glob: 'read_file', class: 'read', where: 'sallyport.yaml:18' },
          { glob: '*', class: 'deny', where: 'sallyport.yaml:19' },
        ],
        timeoutSeconds: 2.5,
        secrets: [],
      },
      {
        id: 'remote',
        target: { url: 'https://mcp.example.com/mcp?tenant=a', headers: { 'x-tenant': 'acme' } },
        written: { url: 'https://mcp.example.com/mcp?tenant=a#fragment', headers: { 'x-tenant': 'acme' } },
        tools: [],
        timeoutSeconds: undefined,
        secrets: [],
      },
    ],
  )
  assert.deepEqual(config.warnings, [
    'sallyport.yaml:13: servers.notes.args: notes is given the folder of sallyport.yaml: without a sandbox it can change there what it may do',
  ])
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.servers[0]?.tools[0]) && Object.isFrozen(config.rates.tool))
  assert.equal(lockFileOf(config, '/data'), join(dir, 'sallyport.lock'))
})

test('flag wins over environment, environment over file, file over default', () => {
  const text = 'listen: 1\nlog: warn\ndataDir: /from/file\n'
  assert.deepEqual([load(text).listen.port, load(text).log, load(text).dataDir], [1, 'warn', '/from/file'])
  const env = { SALLYPORT_LISTEN: 'localhost:2', PORT: '3', SALLYPORT_LOG: 'debug', SALLYPORT_DATA_DIR: '/from/env' }
  const fromEnv = load(text, { env })
  assert.deepEqual([fromEnv.listen.port, fromEnv.log, fromEnv.dataDir], [2, 'debug', '/from/env'])
  assert.equal(load(text, { env: { PORT: '3' } }).listen.port, 3)
  const fromFlags = load(text, { env, flags: { port: 4, log: 'silent', dataDir: '/from/flag' } })
  assert.deepEqual([fromFlags.listen.port, fromFlags.log, fromFlags.dataDir], [4, 'silent', '/from/flag'])
})

test('what the environment says must fit as well, and never listens beyond this machine', () => {
  for (const SALLYPORT_LISTEN of ['0.0.0.0:7777', 'many', '99999', '192.168.1.2:80'])
    assert.match(problemsOf('', { env: { SALLYPORT_LISTEN } }).join(), /^SALLYPORT_LISTEN: must be/)
  assert.match(problemsOf('', { env: { SALLYPORT_LOG: 'chatty' } }).join(), /^SALLYPORT_LOG: must be one of/)
  assert.match(problemsOf('', { flags: { port: 70000 } }).join(), /^--port: must be a port/)
})

test('every problem is told at once, with file and line, what was meant, and never a value', () => {
  const problems = problemsOf(`listen: over there
servers:
  notes:
    comand: node
    args: [1, { deep: hunter2 }]
    tools:
      read_file: maybe-hunter2
limits:
  tool: { maxx: 3 }
orgins: []
`)
  assert.deepEqual(
    problems.map((problem) => problem.replace(/: (?:expected|is not).*/, ': …')),
    [
      'sallyport.yaml:1: listen: …',
      'sallyport.yaml:4: servers.notes.comand: there is no such key; did you mean "command"?',
      'sallyport.yaml:5: servers.notes.args.1: …',
      'sallyport.yaml:7: servers.notes.tools.read_file: …',
      'sallyport.yaml:9: limits.tool.max: is missing: …',
      'sallyport.yaml:9: limits.tool.maxx: there is no such key; did you mean "max"?',
      'sallyport.yaml:10: orgins: there is no such key; did you mean "origins"?',
    ],
  )
  assert.ok(!problems.join().includes('hunter2'))
})

test('what YAML itself does not allow is told with its line', () => {
  assert.deepEqual(problemsOf('listen: 1\nlisten: 2\n'), ['sallyport.yaml:2: this key is here twice'])
  assert.match(problemsOf('servers: "half\n').join(), /^sallyport\.yaml:\d+: this is not valid/)
  assert.match(
    problemsOf(`a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`).join(),
    /refers to itself too often/,
  )
})

test('a block pasted from another program works, in JSON with comments and trailing commas', () => {
  const config = load(
    `{
	// pasted
	"mcpServers": {
		"My Notes": { "type": "stdio", "command": "npx", "args": ["-y", "server"], "autoApprove": ["x"] }, /* and */
		"off": { "command": "x", "disabled": true },
		"web": { "type": "http", "url": "https://mcp.example.com/mcp", "headers": { "Authorization": "Bearer \${env:TOKEN}" } },
	},
	"inputs": [],
}
`,
    { env: { TOKEN: 'a-long-enough-secret' } },
    'sallyport.jsonc',
  )
  assert.deepEqual(
    config.servers.map(({ id }) => id),
    ['My-Notes', 'web'],
  )
  assert.deepEqual(config.servers[1]?.target, {
    url: 'https://mcp.example.com/mcp',
    headers: { authorization: 'Bearer a-long-enough-secret' },
  })
  assert.deepEqual(config.servers[1]?.secrets, ['Bearer a-long-enough-secret', 'a-long-enough-secret'])
  assert.equal(config.warnings.length, 3)
  assert.match(
    config.warnings.join('\n'),
    /sallyport\.jsonc:8: inputs: .*\n.*jsonc:4: mcpServers\.My Notes\.autoApprove.*\n.*is called My-Notes here/,
  )
})

test('values come from the environment, from defaults and from files; what is missing is a problem', () => {
  const secret = join(root, 'secret.txt')
  writeFileSync(secret, 'kept in a file\n')
  const text = `servers:
  one:
    command: \${RUNNER:-node}
    args: ["\${env:WHAT}", "\${A}-\${A}"]
    env: { WHATEVER: "\${file:${secret}}", EMPTY: "\${E:-}" }
`
  const [server] = load(text, { env: { WHAT: 'this', A: 'x' } }).servers
  assert.deepEqual(server?.target, {
    command: 'node',
    args: ['this', 'x-x'],
    cwd: join(root, String(folders)),
    env: { WHATEVER: 'kept in a file', EMPTY: '' },
  })
  // Out of a file it is a secret, whatever it is called.
  assert.deepEqual(server?.secrets, ['kept in a file'])
  assert.deepEqual(problemsOf(text, { env: { A: 'x' } }), ['sallyport.yaml:4: servers.one.args.0: the variable WHAT is not set'])
  assert.match(problemsOf('servers: { x: { command: "${input:key}" } }').join(), /\$\{input:…\} is not known here/)
  assert.match(problemsOf('servers: { x: { command: "${file:/no/such/file}" } }').join(), /the file \/no\/such\/file cannot be read/)
  assert.match(problemsOf('servers: { x: { command: "${not a name}" } }').join(), /must hold the name of a variable/)
})

test('secrets are noted for the redactor, and warned about where they are written out', () => {
  const config = load(`servers:
  one:
    command: x
    args: [--api-key, literal-api-key, "--token=literal-token"]
    env: { GITHUB_TOKEN: literal-secret, NODE_ENV: production, TOKEN_FILE: /run/secrets/x, DATABASE_URL: "postgres://me:database-password@host/db" }
  two:
    url: https://example.com/?api_key=query-secret
    headers: { authorization: Basic bWU6YmFzaWMtcGFzc3dvcmQ=, x-tenant: production }
`)
  assert.deepEqual([...(config.servers[0]?.secrets ?? [])].sort(), [
    'database-password',
    'literal-api-key',
    'literal-secret',
    'literal-token',
    'postgres://me:database-password@host/db',
  ])
  assert.deepEqual([...(config.servers[1]?.secrets ?? [])].sort(), [
    'Basic bWU6YmFzaWMtcGFzc3dvcmQ=',
    'bWU6YmFzaWMtcGFzc3dvcmQ=',
    'basic-password',
    'query-secret',
  ])
  assert.equal(config.warnings.filter((warning) => /a secret is written out here/.test(warning)).length, 3)
  assert.ok(!/literal-|password|bWU6/.test(config.warnings.join()))
})

test('what makes no sense or is not safe is refused', () => {
  for (const [server, expected] of [
    ['{ }', /needs a command or a url/],
    ['{ command: x, url: https://a.example/ }', /not both/],
    ['{ command: x, headers: { a: b } }', /goes with a url/],
    ['{ url: https://a.example/, env: { A: b } }', /goes with a command/],
    ['{ url: ftp://a.example/ }', /must begin with https/],
    ['{ url: "https://me:pw-hunter2@a.example/" }', /must not hold a password/],
    ['{ url: not a url }', /is not a URL/],
    ['{ type: sse, url: https://a.example/ }', /type/],
    ['{ url: https://a.example/, headers: { Host: evil } }', /set by the transport/],
    ['{ url: https://a.example/, headers: { Mcp-Session-Id: x } }', /set by the transport/],
    ['{ url: https://a.example/, headers: { "a b": x } }', /not the name of a header/],
    ['{ url: https://a.example/, headers: { X-A: "${secret:KEY}", x-a: fine } }', /headers\.x-a: is there twice/],
    ['{ url: https://a.example/, headers: { a: "x\\r\\nInjected: y" } }', /cannot carry/],
    ['{ command: x, env: { SALLYPORT_KEY: x } }', /never handed to a server/],
    ['{ url: "https://a.example/?a=${file:/proc/self/environ}" }', /cannot be read/],
    ['{ url: "https://a.example/?a=${file:/dev/null}" }', /cannot be read/],
    [
      '{ command: x, env: { KEY: "${env:SALLYPORT_KEY}" } }',
      /servers\.one\.env\.KEY: variables of Sallyport itself are never handed to a server/,
    ],
    ['{ command: x, args: ["--key=${sallyport_key:-none}"] }', /servers\.one\.args\.0: variables of Sallyport itself/],
    ['{ url: https://a.example/, headers: { X-Key: "${SALLYPORT_KEY}" } }', /servers\.one\.headers\.X-Key: variables of Sallyport itself/],
    ['{ command: x, env: { "A=B": x } }', /env/],
  ] as const) {
    const problems = problemsOf(`servers:\n  one: ${server}\n`).join('\n')
    assert.match(problems, expected, server)
    assert.match(problems, /^sallyport\.yaml:2: servers\.one/)
    assert.ok(!problems.includes('hunter2'))
  }
  assert.match(
    problemsOf('servers: { "a b": { command: x } }\nmcpServers: { a-b: { command: y } }\n').join(),
    /has the same name as servers\.a b/,
  )
  assert.match(problemsOf('servers: { "--": { command: x } }\n').join(), /needs letters or digits/)
  assert.match(load('servers: { a__b: { url: http://mcp.example.com } }').warnings.join('\n'), /is called a_b here[^]*without TLS/)
})

test('how callers are known at a server: each way has what it needs, and nothing that has no effect', () => {
  const server = (auth: string, more = ''): string => `servers:\n  one: { url: https://a.example/mcp, auth: { ${auth} }${more} }\n`
  for (const [written, expected] of [
    [server('type: guess'), /auth\.type/],
    [server('type: none, clientId: a'), /clientId: has no effect with none/],
    [server('type: oauth, audience: a'), /audience: has no effect with oauth/],
    [server('type: oauth, clientId: a, clientSecret: hunter2-hunter2'), /issuer: is needed with a clientSecret/],
    [server('type: exchange, clientId: a'), /clientSecret: is needed for exchange/],
    [server('type: exchange, clientId: a, clientSecret: b'), /issuer: is needed for exchange/],
    [server('type: id-jag, clientId: a, clientSecret: b'), /issuer: is needed for id-jag/],
    [server('type: id-jag, clientId: a, clientSecret: b, audience: c'), /audience: has no effect with id-jag/],
    [server('type: oauth, issuer: "http://as.example"'), /https URL/],
    [server('type: oauth, issuer: "https://ana:hunter2@as.example"'), /https URL/],
    [server('type: oauth', ', headers: { Authorization: x }'), /takes the place of an authorization header/],
    [server('type: oauth', ', headers: { X-Key: "${secret:KEY}" }'), /does not go together with named secrets/],
    ['servers:\n  one: { command: x, auth: { type: oauth } }\n', /goes with a url/],
  ] as const) {
    const problems = problemsOf(written).join('\n')
    assert.match(problems, expected, written)
    assert.ok(!problems.includes('hunter2'))
  }
  // One that is filled in is judged by what it is then.
  const filledIn = server('type: oauth, issuer: "${env:ISSUER}"')
  for (const ISSUER of ['http://as.example', 'https://ana:hunter2@as.example', 'as.example']) {
    const problems = problemsOf(filledIn, { env: { ISSUER } }).join('\n')
    assert.match(problems, /auth\.issuer: must be an https URL/, ISSUER)
    assert.ok(!problems.includes('hunter2'))
  }
  load(filledIn, { env: { ISSUER: 'https://as.example' } })
  const [one] = load(server('type: id-jag, clientId: us, clientSecret: "${env:SECRET}", issuer: "https://as.example", scopes: [a]'), {
    env: { SECRET: 'a long secret' },
  }).servers
  assert.deepEqual(one?.auth, {
    type: 'id-jag',
    clientId: 'us',
    clientSecret: 'a long secret',
    issuer: 'https://as.example',
    scopes: ['a'],
  })
  assert.deepEqual(one?.secrets, ['a long secret'])
  const elsewhere = `auth: { issuer: https://login.example.com }\n${server('type: exchange, clientId: us, clientSecret: "${env:SECRET}", issuer: "https://as.example"')}`
  assert.match(problemsOf(elsewhere, { env: { SECRET: 'a long secret' } }).join(), /exchange needs the authorization server in here/)
})

test('how much of the tools is listed is told strictly', () => {
  assert.deepEqual(load('catalogue: { maxTokens: 8000, always: [notes__*] }\n').catalogue, {
    descriptionCharacters: Number.POSITIVE_INFINITY,
    maxTokens: 8000,
    search: 'auto',
    always: ['notes__*'],
  })
  assert.equal(load('catalogue: { search: never }\n').catalogue, undefined)
  assert.deepEqual(problemsOf('catalogue: { maxToken: 1, search: sometimes }\n').length, 2)
  assert.match(problemsOf('catalogue: { search: never, maxTokens: 100 }\n').join(), /:1: catalogue\.maxTokens: has no effect/)
})

test('the file is found upwards; two beside each other, or somebody else’s, are not believed', () => {
  const dir = join(root, 'up')
  mkdirSync(join(dir, 'a', 'b'), { recursive: true })
  writeFileSync(join(dir, 'sallyport.yml'), 'listen: 9\n')
  assert.equal(loadConfig({ cwd: join(dir, 'a', 'b'), env: {} }).file, join(dir, 'sallyport.yml'))
  chmodSync(join(dir, 'sallyport.yml'), 0o666)
  assert.throws(() => loadConfig({ cwd: dir, env: {} }), /everybody can write to it/)
  chmodSync(join(dir, 'sallyport.yml'), 0o644)
  writeFileSync(join(dir, 'sallyport.json'), '{}')
  assert.throws(() => loadConfig({ cwd: dir, env: {} }), /keep one/)
  assert.equal(loadConfig({ cwd: '/', file: join(dir, 'sallyport.json'), env: {} }).file, join(dir, 'sallyport.json'))
  assert.throws(() => loadConfig({ cwd: dir, file: 'none.yaml', env: {} }), /there is no such file/)
})

test('a server given on the command line gets a name that says what it is', () => {
  const name = (...[command, ...args]: [string, ...string[]]): string | undefined =>
    loadConfig({ cwd: root, env: {}, target: { command, args } }).servers[0]?.id
  assert.equal(name('npx', '-y', '@modelcontextprotocol/server-filesystem@2026.8.31', '/notes'), 'filesystem')
  assert.equal(name('node', 'node_modules/@modelcontextprotocol/server-memory/dist/index.js'), 'memory')
  assert.equal(name('uvx', 'mcp-server-git'), 'git')
  assert.equal(name('./notes.py'), 'notes')
  assert.equal(name('docker', 'run', '--rm', 'ghcr.io/acme/weather-mcp'), 'weather')
  const url = (text: string): string | undefined => loadConfig({ cwd: root, env: {}, target: { url: text } }).servers[0]?.id
  assert.equal(url('https://mcp.acme.dev/mcp'), 'acme-dev')
  assert.equal(url('http://127.0.0.1:3000/mcp'), 'server')
  assert.throws(() => loadConfig({ cwd: root, env: {}, target: { url: 'file:///etc/passwd' } }), /must begin with https/)
  const replaced = load('servers: { a: { command: x } }\nlisten: 5\n', { target: { command: 'y', args: [] } })
  assert.deepEqual([replaced.servers.map(({ id }) => id), replaced.listen.port], [['y'], 5])
  assert.match(replaced.warnings.join(), /are not used/)
  const secret = loadConfig({ cwd: root, env: {}, target: { command: 'x', args: ['--token', 'from-the-command-line'] } })
  assert.deepEqual(secret.servers[0]?.secrets, ['from-the-command-line'])
  const args = ['-e', 'API_KEY=named-by-itself', '--header', 'Authorization: Bearer in-a-header', 'https://host/key: none']
  assert.deepEqual(loadConfig({ cwd: root, env: {}, target: { command: 'x', args } }).servers[0]?.secrets, [
    'named-by-itself',
    'Bearer in-a-header',
    'in-a-header',
  ])
})

test('the tool that runs code is not called as the one beside it', () => {
  assert.match(problemsOf('code: { name: code_functions, tools: [a] }').join(), /code\.name: is what the tool is called that tells/)
})

test('schema.json is what the configuration is checked against', () => {
  const written = JSON.parse(readFileSync(join(import.meta.dirname, '../../schema.json'), 'utf8'))
  assert.deepEqual(written, JSON.parse(JSON.stringify(configJsonSchema())), 'run: sallyport schema > schema.json')
})
