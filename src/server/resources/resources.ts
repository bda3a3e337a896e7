/**
 * All resources of a server in code: definitions in, entries and problems out; folders are opened when the server starts and
 * closed when it stops.
 *
 *   const resources = createResources(definitions, options)
 *   catalogue.replace(server, [...tools, ...prompts, ...resources.entries])
 *   await resources.open((key, listed) => catalogue.replace(key, listed))
 *
 * @module
 */

import { ConfigError, type Entry, type Log } from '../../core/index.ts'
import { equivalenceKey } from '../../protocol/index.ts'
import type { ResourceEntryOptions } from './described.ts'
import { type DirectoryDefinition, isDirectory, readDirectory } from './directory.ts'
import { createDirectoryEntries, type DirectoryEntries } from './directory-entries.ts'
import { type ResourceDefinition, resourceEntry } from './resource.ts'
import { type ResourceTemplateDefinition, templateEntry } from './resource-template.ts'

export interface ResourceDefinitions {
  readonly resources?: readonly (ResourceDefinition | DirectoryDefinition | object)[] | undefined
  readonly resourceTemplates?: readonly (ResourceTemplateDefinition | object)[] | undefined
}

export interface ResourcesOptions extends ResourceEntryOptions {
  readonly log: Log
}

export interface Resources {
  /** Resources and templates, those of folders included: they stay as they are. */
  readonly entries: readonly Entry[]
  /** Whether something can be completed. */
  readonly completes: boolean
  /**
   * Opens the folders and publishes what they list, now and whenever it differs, each under a key of its own: a change there
   * tells nobody that tools have changed. @throws {ConfigError} naming every folder that cannot be opened.
   */
  open(publish: (key: string, listed: readonly Entry[]) => void): Promise<void>
  /** Looks now whether the lists are still right. */
  refresh(): Promise<void>
  /** Takes back what was published, and closes: others have taken its place. */
  withdraw(): Promise<void>
  close(): Promise<void>
}

/** Two sets of one server may have the same folder for a moment: while one takes the other's place. */
let sets = 0

export function createResources(definitions: ResourceDefinitions, options: ResourcesOptions): Resources {
  const { resources = [], resourceTemplates = [] } = definitions
  const { server, resultBytes, log, report } = options
  const taken = new Set<string>()
  const isTaken = (uri: string): boolean => taken.has(equivalenceKey(uri))
  const entries = new Map<string, Entry>()
  const directories = new Map<string, DirectoryEntries>()
  const set = ++sets
  let takeBack = (): void => {}

  function add(entry: Entry | undefined): boolean {
    if (!entry) return false
    if (entries.has(entry.name)) report(`${entry.kind} ${JSON.stringify(entry.name)}: is there twice`)
    entries.set(entry.name, entry)
    return true
  }

  for (const definition of resources.filter((each) => !isDirectory(each))) {
    const entry = resourceEntry(definition, options)
    if (entry && add(entry)) taken.add(equivalenceKey(entry.name))
  }
  // Folders come first: what one of them refuses, no other template answers.
  for (const definition of resources.filter(isDirectory)) {
    const directory = readDirectory(definition, options)
    if (!directory) continue
    const made = createDirectoryEntries(directory, { server, resultBytes, log, isTaken })
    add(made.template)
    directories.set(directory.uri, made)
  }
  for (const definition of resourceTemplates) add(templateEntry(definition, { ...options, isTaken }))

  async function close(): Promise<void> {
    await Promise.all([...directories.values()].map((directory) => directory.close()))
  }
  async function withdraw(): Promise<void> {
    takeBack()
    await close()
  }

  return {
    entries: [...entries.values()],
    completes: [...entries.values()].some(({ kind }) => kind === 'template'),
    async open(publish) {
      const keyOf = (uri: string): string => `${server} ${uri} ${set}`
      takeBack = () => {
        for (const uri of directories.keys()) publish(keyOf(uri), [])
      }
      const opening = [...directories].map(([uri, directory]) => directory.open((listed) => publish(keyOf(uri), listed)))
      const failures = (await Promise.allSettled(opening)).flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
      if (failures.length === 0) return
      await withdraw()
      const problems = failures.map((failure) => {
        if (failure instanceof ConfigError) return failure.problems
        throw failure
      })
      throw new ConfigError(problems.flat())
    },
    async refresh() {
      await Promise.all([...directories.values()].map((directory) => directory.refresh()))
    },
    withdraw,
    close,
  }
}
