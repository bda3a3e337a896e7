/**
 * The client of an MCP server: signs a person in, or brings an API key, and sends requests. Everything that goes out passes `network.ts`;
 * what a server answers is bounded before it is read.
 *
 * Secrets are kept in private fields: `console.log` and `JSON.stringify` show none.
 *
 * @module
 */

import { inspect } from 'node:util'
import type { CallToolResult, GetPromptResult, ReadResourceResult, Tool } from '@modelcontextprotocol/client'
import { ConfigError, type JsonObject } from '../core/index.ts'
import { assemble } from './assemble.ts'
import type { RequestOptions, Session } from './connection/session.ts'
import type { Network } from './network.ts'
import {
  type AuthorizationUrlRequest,
  checkAuthorizationUrlRequest,
  checkClientMetadata,
  checkClientOptions,
  type MCPClientOptions,
} from './options.ts'
import type { OAuth } from './sign-in/oauth.ts'
import type { ClientMetadata, ClientRegistration } from './sign-in/registration.ts'

/** A request of the protocol, without its envelope. */
export interface MCPRequest {
  readonly method: string
  readonly params?: JsonObject | undefined
}

const MAX_CALLBACK = 16_384

export class MCPClient {
  readonly #network: Network
  readonly #oauth: OAuth | undefined
  readonly #session: Session

  /** @throws {ConfigError} naming every problem. Nothing is sent yet. */
  constructor(options: MCPClientOptions) {
    const checked = checkClientOptions(options)
    const { network, session, oauth, shown } = assemble(checked)
    this.#network = network
    this.#session = session
    this.#oauth = oauth
    // A class member of that name could not be told in a declaration on its own.
    Object.defineProperty(this, inspect.custom, { value: () => shown })
  }

  /** Begins a sign-in: the URL to send the person to. */
  async getAuthorizationUrl(request: AuthorizationUrlRequest): Promise<string> {
    const checked = checkAuthorizationUrlRequest(request)
    return this.#signIn('getAuthorizationUrl').getAuthorizationUrl(checked)
  }

  /** Ends a sign-in with the URL that the person came back to: whole, or from its path on, as servers see it. */
  async handleCallback(callbackUrl: string | URL): Promise<void> {
    const text = String(callbackUrl)
    const url = text.length <= MAX_CALLBACK ? URL.parse(text, 'http://localhost') : null
    if (url === null) throw new ConfigError(['handleCallback: needs the URL that the person came back to'])
    await this.#signIn('handleCallback').handleCallback(url.searchParams)
    // Somebody else may have signed in: what was fetched for the first is not for them.
    await this.#session.drop()
  }

  /** Registers this program with the server's authorization server; the next sign-in uses it. */
  async registerClient(metadata: ClientMetadata): Promise<ClientRegistration> {
    const checked = checkClientMetadata(metadata)
    return this.#signIn('registerClient').registerClient(checked)
  }

  /** One request; its result as the server gave it. */
  async request({ method, params }: MCPRequest, options?: RequestOptions): Promise<JsonObject> {
    if (method === 'tools/call' && typeof params?.['name'] === 'string') {
      const call = params as { name: string }
      return this.#session.run((client, given) => client.callTool(call, given), options)
    }
    return this.#session.run(
      (client, given) => client.request({ method, ...(params && { params }) }, anyResult, given) as Promise<JsonObject>,
      options,
    )
  }

  /** Every tool that may be used now, all pages. */
  async listTools(options?: RequestOptions): Promise<readonly Tool[]> {
    return this.#session.run(async (client, given) => {
      // Asked for what the server has not, the SDK writes to stdout.
      if (!client.getServerCapabilities()?.tools) return []
      return (await client.listTools(undefined, given)).tools
    }, options)
  }

  async callTool(name: string, args: JsonObject = {}, options?: RequestOptions): Promise<CallToolResult> {
    return this.#session.run((client, given) => client.callTool({ name, arguments: { ...args } }, given), options)
  }

  async getPrompt(name: string, args: Readonly<Record<string, string>> = {}, options?: RequestOptions): Promise<GetPromptResult> {
    return this.#session.run((client, given) => client.getPrompt({ name, arguments: { ...args } }, given), options)
  }

  async readResource(uri: string, options?: RequestOptions): Promise<ReadResourceResult> {
    return this.#session.run((client, given) => client.readResource({ uri }, given), options)
  }

  /** Ends the connection, for good. */
  async close(): Promise<void> {
    await this.#session.close()
    await this.#network.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #signIn(method: string): OAuth {
    if (!this.#oauth) throw new ConfigError([`${method}: needs auth.type "oauth2"`])
    return this.#oauth
  }
}

/** Methods that the SDK does not know are sent too: the server decides. */
const anyResult = { '~standard': { version: 1, vendor: 'sallyport', validate: (value: unknown) => ({ value }) } } as const
