/**
 * The client of an MCP server: signs a person in, or brings an API key, and sends requests. Everything that goes out passes `network.ts`;
 * what a server answers is bounded before it is read.
 *
 * Secrets are kept in private fields: `console.log` and `JSON.stringify` show none.
 *
 * @module
 */

import { inspect } from 'node:util'
import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  LoggingLevel,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
  Tool,
} from '@modelcontextprotocol/client'
import { ConfigError, type JsonObject } from '../core/index.ts'
import { assemble } from './assemble.ts'
import type { Calling } from './connection/calling.ts'
import type { Change } from './connection/changes.ts'
import type { Listing } from './connection/listing.ts'
import type { CompletionRequest, ServerInfo } from './connection/requests.ts'
import type { CachedRequestOptions, RequestOptions } from './connection/session.ts'
import { type Watched, type WatchOptions, watch } from './connection/watch.ts'
import type { EndpointFinder } from './endpoint.ts'
import type { Network } from './network.ts'
import { checkClientOptions, type MCPClientOptions } from './options.ts'
import {
  type AuthorizationUrlRequest,
  checkAuthorizationUrlRequest,
  checkClientMetadata,
  checkPutResource,
  checkSignInRequest,
  checkWatched,
} from './request-options.ts'
import type { ResourceData } from './resources/parts.ts'
import type { PutResource, PutResourceOptions, Resources } from './resources/resources.ts'
import { parseCallback } from './sign-in/authorization-requests.ts'
import { discoverIssuer } from './sign-in/discovery.ts'
import type { SignedOut } from './sign-in/kept-grants.ts'
import type { MachineSignIn } from './sign-in/machine-sign-in.ts'
import type { OAuth } from './sign-in/oauth.ts'
import type { ClientMetadata, ClientRegistration } from './sign-in/registration.ts'
import type { SignInRequest } from './sign-in/ways.ts'
import type { SkillEntry } from './skills/skill-entry.ts'
import type { Skill, Skills } from './skills/skills.ts'
import type { Gate } from './trusted/gate.ts'
import type { FetchIcon, IconImage, IconSource } from './trusted/icons.ts'
import type { InspectedTool } from './trusted/inspection.ts'

/** A request of the protocol, without its envelope. */
export interface MCPRequest {
  readonly method: string
  readonly params?: JsonObject | undefined
}

export class MCPClient {
  readonly #network: Network
  readonly #oauth: OAuth | undefined
  readonly #machine: MachineSignIn | undefined
  readonly #finder: EndpointFinder | undefined
  readonly #calling: Calling
  readonly #gate: Gate
  readonly #icons: FetchIcon
  readonly #skills: Skills
  readonly #resources: Resources

  /** @throws {ConfigError} naming every problem. Nothing is sent yet. */
  constructor(options: MCPClientOptions) {
    const checked = checkClientOptions(options)
    const { network, calling, gate, icons, skills, resources, oauth, machine, finder, shown } = assemble(checked)
    this.#network = network
    this.#calling = calling
    this.#gate = gate
    this.#icons = icons
    this.#skills = skills
    this.#resources = resources
    this.#oauth = oauth
    this.#machine = machine
    this.#finder = finder
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
    const callback = parseCallback(String(callbackUrl))
    if (callback === undefined) throw new ConfigError(['handleCallback: needs the URL that the person came back to'])
    await this.#signIn('handleCallback').handleCallback(callback)
    // Somebody else may have signed in: what was fetched for the first is not for them.
    await this.#calling.session.drop()
  }

  /** Registers this program with the server's authorization server; the next sign-in uses it. */
  async registerClient(metadata: ClientMetadata): Promise<ClientRegistration> {
    const checked = checkClientMetadata(metadata)
    return this.#signIn('registerClient').registerClient(checked)
  }

  /** Signs a person in: with the browser of this machine, or on another device. @throws {AuthorizationError | TransportError} */
  async signIn(request: SignInRequest = {}): Promise<void> {
    await this.#signIn('signIn').signIn(checkSignInRequest(request))
    await this.#calling.session.drop()
  }

  /** Makes the tokens worthless, where the authorization server takes that, and forgets them. */
  async signOut(): Promise<SignedOut> {
    const ended = await (this.#machine ?? this.#signIn('signOut')).signOut()
    await this.#calling.session.drop()
    return ended
  }

  /** The issuer of the authorization server that the server sends people to, by its word alone: nothing is asked of that one. For people to look at, not to be handed on as `issuer`. */
  async authorizationServer(): Promise<string> {
    if (!this.#finder) throw new ConfigError(['authorizationServer: a server that is started has none'])
    return discoverIssuer({ network: this.#network, finder: this.#finder })
  }

  /** One request; its result as the server gave it. */
  async request({ method, params }: MCPRequest, options?: RequestOptions): Promise<JsonObject> {
    return this.#calling.requests.request(method, params, options)
  }

  /** Every tool that may be used now: awaited, all pages; iterated, page by page. */
  listTools(options?: CachedRequestOptions): Listing<Tool> {
    return this.#calling.lists.tools(options)
  }

  listPrompts(options?: CachedRequestOptions): Listing<Prompt> {
    return this.#calling.lists.prompts(options)
  }

  listResources(options?: CachedRequestOptions): Listing<Resource> {
    return this.#calling.lists.resources(options)
  }

  listResourceTemplates(options?: CachedRequestOptions): Listing<ResourceTemplateType> {
    return this.#calling.lists.resourceTemplates(options)
  }

  async callTool(name: string, args: JsonObject = {}, options?: RequestOptions): Promise<CallToolResult> {
    return this.#calling.requests.callTool({ name, arguments: { ...args } }, options)
  }

  async getPrompt(name: string, args: Readonly<Record<string, string>> = {}, options?: RequestOptions): Promise<GetPromptResult> {
    return this.#calling.requests.getPrompt(name, args, options)
  }

  async readResource(uri: string, options?: CachedRequestOptions): Promise<ReadResourceResult> {
    return this.#calling.requests.readResource(uri, options)
  }

  /**
   * Puts something at the server for a while, so that a call can refer to it by `uri` and the message carries no more than that. Only this
   * caller can read it. Sent in parts: a stream is never whole in memory.
   *
   * @throws {TransportError} `unsupported_method` where the server keeps nothing for this caller.
   */
  async putResource(data: ResourceData, options: PutResourceOptions = {}): Promise<PutResource> {
    const checked = checkPutResource(data, options)
    return this.#resources.put(data, checked)
  }

  /** Takes it away again, before its time. */
  async deleteResource(uri: string, options: Pick<RequestOptions, 'signal'> = {}): Promise<void> {
    return this.#resources.delete(uri, options)
  }

  /**
   * Skills, as the server describes them: nothing of one is read. One whose description could not be held against anything, because its
   * content is made anew each time, is left out.
   */
  listSkills(options?: RequestOptions): Listing<SkillEntry> {
    return this.#skills.list(options)
  }

  /**
   * Reads SKILL.md, by a description or by its URI, and holds it against the description; its other files are read, and held against it, when
   * they are asked for. Ask the person before a model gets any of it.
   *
   * @throws {TrustError} `skill_unverified`
   */
  async loadSkill(skill: SkillEntry | string, options?: RequestOptions): Promise<Skill> {
    return this.#skills.load(skill, options)
  }

  /** What an argument of a prompt, or a variable of a resource template, may be completed to. */
  async complete(request: CompletionRequest, options?: RequestOptions): Promise<CompleteResult['completion']> {
    return this.#calling.requests.complete(request, options)
  }

  /** Whether the server is there; answers when it has said so. */
  async ping(options?: RequestOptions): Promise<void> {
    return this.#calling.requests.ping(options)
  }

  /** What the server says about itself. */
  async serverInfo(options?: RequestOptions): Promise<ServerInfo> {
    return this.#calling.requests.serverInfo(options)
  }

  /** How much of its log the server is asked to tell `onLog`, from now on. */
  async setLogLevel(level: LoggingLevel, options?: RequestOptions): Promise<void> {
    return this.#calling.requests.setLogLevel(level, options)
  }

  /** Changes as they happen, until the loop is left or `signal` ends it; a lost connection is made anew. */
  watch(wanted: Watched, options: WatchOptions = {}): AsyncIterable<Change> {
    return watch(this.#calling.watching, checkWatched(wanted), options)
  }

  /** Every tool as the server lists it now, also those that are refused, with what is known about each: for a person to look at. */
  async inspectTools({ signal }: Pick<RequestOptions, 'signal'> = {}): Promise<readonly InspectedTool[]> {
    return this.#gate.inspect(signal)
  }

  /** Accepts the definitions that `inspectTools()` showed last, or else those that were listed last: of these tools, or of all. */
  async acceptDefinitions(tools?: readonly string[]): Promise<void> {
    return this.#gate.accept(tools)
  }

  /** The picture of an icon that the server named: from its own origin, without credentials, of a type that its bytes say. */
  async fetchIcon(icon: IconSource, { signal }: Pick<RequestOptions, 'signal'> = {}): Promise<IconImage> {
    return this.#icons(icon, signal)
  }

  /** Ends the connection, for good. */
  async close(): Promise<void> {
    await this.#calling.session.close()
    await this.#machine?.close()
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
