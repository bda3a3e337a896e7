/**
 * A server in code: tools, prompts and resources that are functions, behind the same pipeline as a gateway's upstreams. What can
 * be wrong is found when it is constructed; nothing is opened before it listens, or an app hands it its first request.
 *
 *   new MCPServer({ … }) ─▶ listen()             sockets of its own: HTTP and WebSocket
 *                        └▶ node() / fetch()     inside an app
 *                        └▶ stdio()              for a host that has started this process
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { mayRead } from '../catalogue/index.ts'
import { ConfigError, createRedactor, type Log, problemOf, type Redactor, systemClock } from '../core/index.ts'
import type { RateLimits } from '../guards/index.ts'
import { defaultBounds, toBounds } from './bounds.ts'
import { problemsOf, readOptions } from './check-options.ts'
import { toCodeSettings } from './code/index.ts'
import { createDefaultLog } from './default-log.ts'
import { explainTools, type ToolExplanation } from './explain.ts'
import { noteInventory } from './inventory.ts'
import type { Listen, MountedIn } from './listen.ts'
import { createModuleRunner, type ModuleRunner, type Surroundings } from './modules.ts'
import { openService } from './open-service.ts'
import { createServerEntries, type ServerEntries } from './server-entries.ts'
import type { Definitions, InferredOptions, MCPServerOptions } from './server-options.ts'
import type { HttpService, Service, ServiceOptions } from './service.ts'

/** Where a server is reached. */
export interface Listening {
  /** The MCP endpoint: what clients are told. */
  readonly url: string
  /** Who vouches for its tokens. */
  readonly issuer: string
  /** Makes the owner's account, once and within ten minutes; undefined where there is one. */
  readonly setupLink: string | undefined
}

const DEFAULT_PORT = 7777
const KEY = 'server'

export class MCPServer<
  const Tool extends readonly unknown[] = readonly unknown[],
  const Prompt extends readonly unknown[] = readonly unknown[],
> {
  readonly #options: MCPServerOptions
  readonly #rates: RateLimits
  readonly #redactor: Redactor = createRedactor()
  readonly #log: Log
  readonly #modules: ModuleRunner
  /** Of what runs in a sandbox, while this runs. */
  #surroundings: Surroundings | undefined
  #entries: ServerEntries
  #service: Promise<Service> | undefined
  #running: Service | undefined
  #changing: Promise<void> = Promise.resolve()

  /** @throws {ConfigError} naming every problem of the options and of every definition. */
  constructor(options?: InferredOptions<Tool, Prompt>)
  /** @throws {ConfigError} naming every problem of the options and of every definition. */
  constructor(options: MCPServerOptions)
  constructor(options: MCPServerOptions | InferredOptions<Tool, Prompt> = {}) {
    const { rates, problems } = readOptions(options)
    this.#options = { ...options } as MCPServerOptions
    this.#log = options.log === false ? () => {} : typeof options.log === 'function' ? options.log : createDefaultLog(this.#redactor)
    const { sandbox, strict = false } = this.#options
    this.#modules = createModuleRunner({ ...sandbox, server: this.#name, strict, log: this.#log })
    this.#entries = this.#compile(this.#options)
    const all = [...problems, ...problemsOf(this.#options, this.#entries, rates)]
    if (all.length > 0 || !rates) throw new ConfigError(all)
    this.#rates = rates
    for (const warning of [...rates.warnings, ...this.#entries.warnings]) this.#log('warn', warning)
  }

  /**
   * Serves HTTP and WebSocket on a port of its own. Resolves when requests are answered.
   *
   * @throws {ConfigError} where the address, the data directory or a folder cannot be used, or where it is told anything here.
   */
  async listen(...given: []): Promise<Listening> {
    // JavaScript passes on what the type refuses: a port that is not listened on.
    if (given.length > 0)
      throw new ConfigError(['MCPServer.listen: takes nothing: port, host and the like are options of new MCPServer({ … })'])
    const { port = DEFAULT_PORT, host, path, publicUrl, proxy, tls, behindProxy } = this.#options
    const service = await this.#start(withoutUndefined({ port, host, path, publicUrl, proxy, tls, behindProxy }))
    const setupLink = this.#options.auth?.dangerouslyAllowAnonymous ? undefined : await service.setupLink()
    this.#log('info', `${this.#name} listens`, { url: service.url })
    if (setupLink !== undefined)
      this.#log('info', 'nobody can sign in yet: make the owner’s account within ten minutes', { link: setupLink })
    return { url: service.url, issuer: service.issuer, setupLink }
  }

  /** The same as `listen`. */
  start(...given: []): Promise<Listening> {
    return this.listen(...given)
  }

  /**
   * Answers one request of an app: everything below `/.well-known`, the paths of the sign-in, and the endpoint. `next` is called for
   * any other path; without it, that is a 404.
   */
  async node(request: IncomingMessage, response: ServerResponse, next?: () => void): Promise<void> {
    ;(await this.#mounted()).node(request, response, next)
  }

  /** The same for web standards. `address`: the caller's network address, which a `Request` does not tell. */
  async fetch(request: Request, from?: { readonly address?: string }): Promise<Response> {
    return (await this.#mounted()).fetch(request, from)
  }

  /** An app's `upgrade` event: WebSocket. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    ;(await this.#mounted()).upgrade(request, socket, head)
  }

  /** Serves the host that has started this process, over stdin and stdout. Resolves when the host has gone. */
  async stdio(): Promise<void> {
    await (await this.#start('stdio')).done
  }

  /**
   * A one-time link to make the owner's account; undefined where there is one. For an app: `listen` answers a link itself.
   * Without `publicUrl` it resolves with the first request, which says where the app is.
   */
  async setupLink(): Promise<string | undefined> {
    return (await (this.#service ?? this.#mounted())).setupLink()
  }

  /** Where the endpoint is; undefined before that is known. */
  get url(): string | undefined {
    return this.#running?.url || undefined
  }

  /** Tells whoever subscribed to the resource that it has changed. */
  resourceUpdated(uri: string): void {
    this.#running?.engine.resourceUpdated(uri)
  }

  /**
   * Replaces what is offered, in one step, and tells clients which lists have changed. What is left out stays as it was.
   *
   * @throws {ConfigError} naming every problem; then everything stays as it was.
   */
  async update(definitions: Definitions): Promise<void> {
    const { tools, prompts, resources, resourceTemplates } = this.#options
    const all = { tools, prompts, resources, resourceTemplates, ...definitions }
    const next = this.#compile(all as Definitions)
    const problems = problemsOf(this.#options, next, this.#rates)
    if (problems.length > 0) throw new ConfigError(problems)
    for (const warning of next.warnings) this.#log('warn', warning)
    // One after the other: an older change must not overtake a newer one.
    const change = this.#changing.then(async () => {
      const before = this.#entries
      // A folder that cannot be opened must change nothing.
      if (this.#running) await openFolders(this.#running, next)
      if (this.#surroundings) await this.#openModules(next, this.#surroundings)
      const published = await this.#running?.engine.sealing.publish(next.entries)
      this.#entries = next
      Object.assign(this.#options, all)
      if (published) this.#running?.engine.catalogue.replace(KEY, published)
      this.#modules.keep(next.modules)
      if (this.#surroundings) await this.#noteTools(next, this.#surroundings)
      await before.resources.withdraw()
    })
    this.#changing = change.catch(() => {})
    await change
  }

  /**
   * What each tool could reach: files, hosts, variables, programs, and how much of the machine. Starts nothing. `tool`: this one alone.
   *
   * @throws {ConfigError} where there is no such tool, or not the depth that was demanded.
   */
  explain(tool?: string): Promise<ToolExplanation[]> {
    const { sandbox, limits, code } = this.#options
    const { entries, modules } = this.#entries
    const { deadlineSeconds } = toBounds(limits)
    return explainTools({ entries, modules, code: code && toCodeSettings(code), depth: sandbox?.depth, deadlineSeconds }, tool)
  }

  /** Ends streams, lets running calls end, and writes what is left of the audit. */
  async close(): Promise<void> {
    const service = await this.#service?.catch(() => undefined)
    this.#service = undefined
    this.#running = undefined
    this.#surroundings = undefined
    await this.#entries.resources.close()
    await service?.close()
  }

  get #name(): string {
    return this.#options.name ?? 'mcp-server'
  }

  async #mounted(): Promise<HttpService> {
    const { port, path, publicUrl, proxy } = this.#options
    const service = await (this.#service ?? this.#start(withoutUndefined({ mounted: true as const, port, path, publicUrl, proxy })))
    if (!isHttp(service)) throw new ConfigError(['MCPServer: it runs over stdio, and answers no HTTP requests'])
    return service
  }

  #start(serveOn: Listen | MountedIn | 'stdio'): Promise<Service> {
    if (this.#service) throw new ConfigError(['MCPServer: it runs already'])
    const starting = this.#open(serveOn)
    this.#service = starting
    // A start that failed may be tried again.
    starting.catch(() => {
      if (this.#service === starting) this.#service = undefined
    })
    return starting
  }

  async #open(serveOn: ServiceOptions['serveOn']): Promise<Service> {
    await using opening = new AsyncDisposableStack()
    const { data, service } = await openService(this.#options, {
      name: this.#name,
      serveOn,
      rates: this.#rates,
      features: () => this.#entries.features,
      redactor: this.#redactor,
      log: this.#log,
    })
    opening.defer(() => data.store.close())
    opening.defer(service.close)
    const { sealing, record, beforeLast } = service.engine
    const surroundings = { dataDir: data.dir, store: data.store, record }
    beforeLast(this.#modules.close)
    await this.#openModules(this.#entries, surroundings)
    await this.#noteTools(this.#entries, surroundings)
    service.engine.catalogue.replace(KEY, await sealing.publish(this.#entries.entries))
    await openFolders(service, this.#entries)
    // Another key to encrypt with: lists tell of it.
    sealing.onChange(() => this.#publishAgain())
    service.serve()
    this.#running = service
    this.#surroundings = surroundings
    opening.move()
    return service
  }

  async #openModules({ modules }: ServerEntries, surroundings: Surroundings): Promise<void> {
    try {
      await this.#modules.open(modules, surroundings)
    } catch (error) {
      this.#modules.keep(this.#running ? this.#entries.modules : [])
      throw error
    }
  }

  /** For `sallyport doctor`, which cannot ask a server in code. */
  async #noteTools({ entries, modules }: ServerEntries, { store }: Surroundings): Promise<void> {
    const tools = entries.filter(({ kind }) => kind === 'tool').map(({ name }) => name)
    const sandboxed = modules.map(({ name }) => name)
    await noteInventory(store, this.#name, { tools, sandboxed, confinement: this.#modules.confinement }, systemClock)
  }

  #publishAgain(): void {
    this.#changing = this.#changing.then(async () => {
      const { catalogue, sealing } = this.#running?.engine ?? {}
      const published = await sealing?.publish(this.#entries.entries)
      if (published && this.#running) catalogue?.replace(KEY, published)
    })
    this.#changing = this.#changing.catch((error: unknown) =>
      this.#log('error', 'what lists tell of keys is out of date', { problem: problemOf(error) }),
    )
  }

  #compile(definitions: Definitions): ServerEntries {
    return createServerEntries(definitions, {
      server: this.#name,
      resultBytes: this.#options.limits?.resultBytes ?? defaultBounds.resultBytes,
      strict: this.#options.strict,
      log: this.#log,
      modules: this.#modules,
      // What a prompt points to must be something that its reader may have, as far as it is ours (2026-07-28 prompts §security).
      mayRefer: (uri, principal) => {
        const catalogue = this.#running?.engine.catalogue
        if (!catalogue?.resolve(uri)) return true
        const readable = mayRead(catalogue, uri, principal)
        return readable instanceof Promise ? readable.then((entry) => entry !== undefined) : readable !== undefined
      },
    })
  }
}

const isHttp = (service: Service): service is HttpService => 'node' in service

const openFolders = ({ engine }: Service, { resources }: ServerEntries): Promise<void> =>
  resources.open((key, listed) => void engine.catalogue.replace(key, listed))

/** `exactOptionalPropertyTypes`: what is not there must not be there as undefined either. */
const withoutUndefined = <T extends object>(given: T): { [Key in keyof T]: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never
