/**
 * What real clients do between a URL and the sign-in page, as data: `doctor --as` plays it back. Each line was seen on the wire, with the
 * version that is named; where a newer one differs, this is the place. `npm run clients` and `clients:hosts` compare what can be compared
 * with the real ones.
 *
 * @module
 */

export interface ClientProfile {
  readonly id: string
  /** With the version that was watched. */
  readonly name: string
  /** Sent without a credential, in this order. Each must be answered 401: it is how the client learns that there is a sign-in. */
  readonly first: readonly FirstRequest[]
  /** Where it looks for the resource's metadata; the challenge's address comes first wherever there is one. */
  readonly resourcePlaces: readonly ('path' | 'inside' | 'root')[]
  readonly redirect: Redirect
  /** The members of its registration, but for `redirect_uris`; undefined where it cannot register. */
  readonly registration: Readonly<Record<string, unknown>>
  /** Its client id metadata document, which it prefers to registering as soon as the server says that it takes those. */
  readonly clientIdDocument?: string
  /** Adds `offline_access` to the scopes where the server's metadata lists it, and with it `prompt=consent`. */
  readonly offlineAccess: boolean
  readonly promptsConsent: boolean
  readonly sendsState: boolean
  /** Is not built on the official SDK, whose schema refuses a registration's answer that leaves out or nulls members. */
  readonly lenient?: boolean
  /** A page of this origin asks, not a program: everything that it reads needs CORS. */
  readonly origin?: string
  /** What its user types to make it go without registration. */
  readonly withClientId: string
}

export interface FirstRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly message?: Readonly<Record<string, unknown>>
}

export interface Redirect {
  readonly host: 'localhost' | '127.0.0.1'
  /** Undefined: another one for each sign-in, whatever was registered (RFC 8252 §7.3). */
  readonly port?: number
  readonly path: string
}

const initialize = (protocolVersion: string, name: string): FirstRequest => ({
  method: 'POST',
  headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
  message: {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion, capabilities: {}, clientInfo: { name, version: '0' } },
  },
})

const discover: FirstRequest = {
  method: 'POST',
  headers: {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'server/discover',
  },
  message: {
    jsonrpc: '2.0',
    id: 0,
    method: 'server/discover',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'claude-code', version: '0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  },
}

const stream = (headers: Record<string, string> = {}): FirstRequest => ({
  method: 'GET',
  headers: { accept: 'text/event-stream', ...headers },
})

const publicClient = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
}
const native = { ...publicClient, application_type: 'native' }

export const clientProfiles: readonly ClientProfile[] = [
  {
    id: 'claude-code',
    name: 'Claude Code 2.1.330',
    first: [discover, initialize('2025-11-25', 'claude-code')],
    resourcePlaces: ['path', 'root'],
    redirect: { host: 'localhost', path: '/callback' },
    registration: { client_name: 'Claude Code (sallyport doctor)', ...native },
    clientIdDocument: 'https://claude.ai/oauth/claude-code-client-metadata',
    offlineAccess: true,
    promptsConsent: true,
    sendsState: true,
    withClientId: 'claude mcp add --transport http NAME URL --client-id ID',
  },
  {
    id: 'codex',
    name: 'Codex 0.169.0',
    // The old version is not a mistake: 400 or 405 here, and it takes the server for one without sign-in.
    first: [stream({ 'mcp-protocol-version': '2024-11-05' })],
    resourcePlaces: ['path', 'inside', 'root'],
    redirect: { host: '127.0.0.1', path: '/callback' },
    registration: { client_name: 'Codex', ...native },
    clientIdDocument: 'https://chatgpt.com/oauth/codex/client.json',
    offlineAccess: true,
    promptsConsent: false,
    sendsState: true,
    lenient: true,
    withClientId: 'oauth_client_id in the server’s table of config.toml',
  },
  {
    id: 'inspector',
    name: 'MCP Inspector 2.12.0',
    first: [initialize('2025-11-25', 'inspector-cli')],
    resourcePlaces: ['path', 'root'],
    redirect: { host: '127.0.0.1', port: 6276, path: '/oauth/callback' },
    registration: { client_name: 'MCP Inspector', ...native },
    offlineAccess: true,
    promptsConsent: true,
    sendsState: true,
    withClientId: 'mcp-inspector --cli URL --client-id ID',
  },
  {
    id: 'opencode',
    name: 'opencode 1.18.33',
    first: [initialize('2025-11-25', 'opencode')],
    resourcePlaces: ['path', 'root'],
    redirect: { host: '127.0.0.1', port: 19876, path: '/mcp/oauth/callback' },
    // No application_type: OpenID Connect's default, web, has no loopback redirects, and would lock it out.
    registration: { client_name: 'OpenCode', client_uri: 'https://opencode.ai', ...publicClient },
    offlineAccess: true,
    promptsConsent: true,
    sendsState: true,
    withClientId: '"oauth": {"clientId": "ID"} in opencode.json',
  },
  {
    id: 'mcp-remote',
    name: 'mcp-remote 0.15.1',
    first: [stream()],
    resourcePlaces: ['path', 'root'],
    redirect: { host: 'localhost', port: 3335, path: '/oauth/callback' },
    registration: { client_name: 'MCP CLI Client', client_uri: 'https://github.com/modelcontextprotocol/mcp-cli', ...native },
    offlineAccess: true,
    promptsConsent: true,
    sendsState: true,
    withClientId: `mcp-remote URL --static-oauth-client-info '{"client_id":"ID"}'`,
  },
  {
    id: 'mcpc',
    name: 'mcpc 0.2.6',
    // Its `login` looks for the metadata and never asks the endpoint.
    first: [],
    resourcePlaces: ['path', 'root'],
    redirect: { host: 'localhost', port: 8000, path: '/callback' },
    registration: { client_name: 'mcpc', ...publicClient },
    offlineAccess: false,
    promptsConsent: false,
    sendsState: false,
    withClientId: 'mcpc login URL --client-id ID',
  },
  {
    id: 'browser',
    name: 'a page in a browser, as Inspector 1 and web hosts are',
    first: [initialize('2025-11-25', 'page')],
    resourcePlaces: ['path', 'root'],
    redirect: { host: 'localhost', port: 6274, path: '/oauth/callback' },
    registration: { client_name: 'MCP Inspector', client_uri: 'https://github.com/modelcontextprotocol/inspector', ...publicClient },
    offlineAccess: true,
    promptsConsent: true,
    sendsState: true,
    origin: 'http://localhost:6274',
    withClientId: 'the field for a client id on its page',
  },
]
