/**
 * Everything that can be called, got or read: tools, prompts, resources and templates, whoever executes them. Built anew
 * when a server's entries change, so that a request costs one map look-up however many entries there are.
 *
 * @module
 */

import {
  createScopeHierarchy,
  type Entry,
  type EntryKind,
  type Era,
  type Message,
  type Offer,
  OWN_ORIGIN,
  type Principal,
  type Redactor,
  type ScopeHierarchy,
  STANDARD_SCOPES,
} from '../core/index.ts'
import { MAX_URI_LENGTH } from '../protocol/index.ts'
import { type CatalogueRules, createCatalogueBudget, type Weight } from './budget/index.ts'
import { createListAnswers } from './list-answers.ts'
import { offersTo } from './offers.ts'
import { createPermits, type Permits } from './permits.ts'

export interface Catalogue {
  /** Says that entries are still to come: what asks for one meanwhile waits until `filled` settles. */
  fillFrom(filled: Promise<unknown>): void
  /** Undefined once everything that was announced is there. */
  readonly filling: Promise<void> | undefined
  /** Whether a principal may use an entry: every call and every list asks here. */
  readonly permits: Permits
  /** Replaces all entries of one server, in one step. A name that another server has already is left out and answered. */
  replace(server: string, entries: readonly Entry[]): readonly Entry[]
  find(kind: 'tool' | 'prompt', name: string): Entry | undefined
  /** The same, as far as `principal` may know of it. */
  known(kind: 'tool' | 'prompt', name: string, principal: Principal): Entry | undefined
  /** Of the first origin that has one: the resource with that URI, else the first template that it matches. */
  resolve(uri: string): Entry | undefined
  /** The template whose own text that is: what a completion refers to. */
  template(uriTemplate: string): Entry | undefined
  /** One page of a list as the JSON text of its `result`: what `principal` may use now, redacted. Undefined: that is no cursor of ours. */
  list(kind: EntryKind, era: Era, principal: Principal, cursor: string | undefined): string | undefined
  /** What a message means: of a call by way of another tool, the call itself. Undefined: there is no such way. */
  readonly meant: ((message: Message) => Message) | undefined
  /** How much of the tools is listed. Undefined: all, as it is. */
  weigh(): Weight | undefined
  /** What `principal` could use that needs a grant, kind by kind in the order of the lists. */
  offers(principal: Principal): readonly Offer[]
  /** Every scope that some entry asks for, and those that imply one, sorted: what can be granted. */
  scopes(): readonly string[]
  /** Those of them that whoever has not signed in may hear of. */
  shownScopes(): readonly string[]
  has(kind: EntryKind): boolean
  /** Every tool, whoever may use it; another list after each change. */
  tools(): readonly Entry[]
  /** Whether some tool takes references. */
  hasReferences(): boolean
  /** Whether a principal may call one of those. */
  takesReferences(principal: Principal): boolean
  /** Answers how to stop listening. */
  onChange(listener: (kinds: ReadonlySet<EntryKind>) => void): () => void
}

const FILLING_PATIENCE_MS = 5_000

interface Place {
  readonly exact: Map<string, Entry>
  readonly templates: Entry[]
}

export interface CatalogueOptions {
  readonly redactor: Redactor
  /** How many entries one page of a list has, at most. */
  readonly pageItems: number
  /** Which scopes imply others; none unless told. */
  readonly hierarchy?: ScopeHierarchy | undefined
  /** How much of the tools is told at once; all unless told. */
  readonly rules?: CatalogueRules | undefined
  /** What becomes of an entry as it comes in: rules that are said for all. */
  readonly prepare?: ((entry: Entry) => Entry) | undefined
  /** Scopes beyond those that entries need, which somebody may be granted. Nobody is asked for them. */
  readonly grantable?: ((entries: readonly Entry[]) => readonly string[]) | undefined
}

export function createCatalogue(options: CatalogueOptions): Catalogue {
  const { redactor, pageItems, hierarchy = createScopeHierarchy(), rules, prepare, grantable } = options
  const permits = createPermits(hierarchy)
  const byServer = new Map<string, readonly Entry[]>()
  const listeners = new Set<(kinds: ReadonlySet<EntryKind>) => void>()
  const budget = rules && createCatalogueBudget({ rules, permits, redactor, filling: () => filling })
  const answers = createListAnswers(redactor, pageItems, permits, budget)
  let filling: Promise<void> | undefined
  let scopes: readonly string[] = []
  let shownScopes: readonly string[] = []
  const index: Record<EntryKind, Map<string, Entry>> = { tool: new Map(), prompt: new Map(), resource: new Map(), template: new Map() }

  /** What URIs may be answered by, for each origin in the order of the entries: an earlier one cannot be overtaken. */
  let places: readonly Place[] = []
  let referring: readonly Entry[] = []
  let tools: readonly Entry[] = []

  function rebuild(): Entry[] {
    const shadowed: Entry[] = []
    for (const kind of Object.keys(index) as EntryKind[]) index[kind].clear()
    for (const entry of [...byServer.values()].flat()) {
      if (index[entry.kind].has(entry.name)) shadowed.push(entry)
      else index[entry.kind].set(entry.name, entry)
    }
    const all = [...byServer.values()].flat()
    const used = scopesOf(all)
    // One that implies others can be granted, and is not shown unless something asks for itself: nobody asks for all by default.
    scopes = hierarchy.withImplying([...new Set([...used, ...(grantable?.(all) ?? [])])])
    // A private entry does not exist for most: its scope may be named after it. Who may see it is told of the scope by the challenge.
    const open = scopesOf(all.filter(({ permission }) => permission.access !== 'private'))
    shownScopes = used.filter((scope) => open.includes(scope) || STANDARD_SCOPES.includes(scope))
    const origins = new Map<string, Place>()
    for (const entry of [...byServer.values()].flat()) {
      const { kind, name, origin } = entry
      let place = origins.get(origin.server)
      if (!place) origins.set(origin.server, (place = { exact: new Map(), templates: [] }))
      if (index[kind].get(name) !== entry) continue
      if (kind === 'resource') place.exact.set(name, entry)
      else if (kind === 'template') place.templates.push(entry)
    }
    // Nobody else answers for what is ours.
    const own = origins.get(OWN_ORIGIN)
    origins.delete(OWN_ORIGIN)
    places = own ? [own, ...origins.values()] : [...origins.values()]
    tools = [...index.tool.values()]
    referring = tools.filter((entry) => entry.references !== undefined)
    answers.reset({
      tool: [...index.tool.values()],
      prompt: [...index.prompt.values()],
      resource: [...index.resource.values()],
      template: [...index.template.values()],
    })
    // Callable, and in no list by itself: whether somebody needs them is the budget's to say.
    for (const entry of budget?.reset(index.tool) ?? []) index.tool.set(entry.name, entry)
    return shadowed
  }

  // A search is there before the first tool is: it waits, as the list does.
  if (budget) rebuild()

  // A client that signs in before the first entry is there must not be told that there is nothing to ask for.
  const isEmptyYet = (): boolean => filling !== undefined && byServer.size === 0

  return {
    get filling() {
      return filling
    },
    fillFrom(filled) {
      // One server that hangs must not keep everybody waiting for the others'.
      const patience = new Promise<void>((resolve) => setTimeout(resolve, FILLING_PATIENCE_MS).unref())
      const ready = filled.then(
        () => {},
        () => {},
      )
      const settled = Promise.race([ready, patience])
      filling = settled
      void settled.then(() => {
        if (filling === settled) filling = undefined
      })
    },
    permits,
    replace(server, given) {
      const entries = prepare ? given.map(prepare) : given
      const kinds = new Set([...(byServer.get(server) ?? []), ...entries].map((entry) => entry.kind))
      byServer.set(server, entries)
      const shadowed = rebuild().filter((entry) => entries.includes(entry))
      for (const listener of listeners) listener(kinds)
      return shadowed
    },
    find: (kind, name) => index[kind].get(name),
    known(kind, name, principal) {
      const entry = index[kind].get(name)
      const verdict = entry && permits(principal, entry)
      return verdict?.permitted === false && verdict.lacks === 'existence' ? undefined : entry
    },
    resolve(uri) {
      // Nobody is known yet to be allowed anything: what the caller sent must cost next to nothing.
      if (uri.length > MAX_URI_LENGTH) return undefined
      for (const { exact, templates } of places) {
        const entry = exact.get(uri) ?? templates.find((template) => template.matches?.(uri))
        if (entry) return entry
      }
      return undefined
    },
    template: (uriTemplate) => (uriTemplate.length > MAX_URI_LENGTH ? undefined : index.template.get(uriTemplate)),
    list: answers.list,
    meant: budget?.toCalledTool,
    weigh: () => budget?.weigh(),
    offers: (principal) => Object.values(index).flatMap((entries) => offersTo(principal, [...entries.values()], permits, redactor)),
    scopes: () => (isEmptyYet() ? STANDARD_SCOPES.toSorted() : scopes),
    shownScopes: () => (isEmptyYet() ? STANDARD_SCOPES.toSorted() : shownScopes),
    has: (kind) => index[kind].size > 0,
    tools: () => tools,
    hasReferences: () => referring.length > 0,
    takesReferences: (principal) => referring.some((entry) => permits(principal, entry).permitted),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** What some entry asks for, or may once it is known, sorted. */
function scopesOf(entries: readonly Entry[]): readonly string[] {
  const scopes = new Set<string>()
  for (const { permission, standsFor = [] } of entries) {
    for (const scope of standsFor) scopes.add(scope)
    if (permission.access === 'protected' || permission.access === 'private') for (const scope of permission.scopes) scopes.add(scope)
  }
  return [...scopes].sort()
}
