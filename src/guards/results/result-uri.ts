/**
 * The URIs of stored results: `sallyport://INSTANCE/results/ID`, and what of it is wanted, as a query. Pure; fails closed: what is not
 * exactly that is none.
 *
 * @module
 */

/** Offsets and lengths count bytes: of the text in UTF-8, or of the file. */
export interface Wanted {
  readonly offset: number
  /** Undefined: as much as may be sent. */
  readonly length: number | undefined
  /** Where these words are, in place of what is there. */
  readonly search: string | undefined
  /** Only behind this. */
  readonly after: number
}

export interface ResultUris {
  readonly template: string
  toUri(id: string): string
  isOurs(uri: string): boolean
  /** Undefined: no stored result has such a URI. A text: what is wrong with the query. */
  parse(uri: string): { readonly id: string; readonly wanted: Wanted } | string | undefined
}

const ID = /^[0-9a-z]{26}$/
const MAX_SEARCH = 256
const names = new Set(['offset', 'length', 'search', 'after'])

export function createResultUris(instance: string): ResultUris {
  const prefix = `sallyport://${instance}/results/`
  return {
    template: `${prefix}{id}{?offset,length,search,after}`,
    toUri: (id) => prefix + id,
    isOurs: (uri) => uri.startsWith(prefix),
    parse(uri) {
      if (!uri.startsWith(prefix)) return undefined
      const query = uri.indexOf('?')
      const id = uri.slice(prefix.length, query === -1 ? undefined : query)
      if (!ID.test(id)) return undefined
      const wanted = toWanted(Object.fromEntries(new URLSearchParams(query === -1 ? '' : uri.slice(query + 1))))
      return typeof wanted === 'string' ? wanted : { id, wanted }
    },
  }
}

/** A text: what is wrong with it. */
export function toWanted(given: Readonly<Record<string, unknown>>): Wanted | string {
  for (const name of Object.keys(given)) if (!names.has(name)) return 'only offset, length, search and after can be asked for'
  const offset = whole(given['offset'], 0)
  const length = whole(given['length'], 1)
  const after = whole(given['after'], 0)
  if (offset === null || after === null) return 'offset and after must be whole numbers, from 0'
  if (length === null) return 'length must be a whole number, from 1'
  const { search } = given
  if (search !== undefined && (typeof search !== 'string' || search.length === 0 || search.length > MAX_SEARCH))
    return `search must be a text of 1 to ${MAX_SEARCH} characters`
  return { offset: offset ?? 0, length, search, after: after ?? 0 }
}

/** Null: it is none. */
function whole(given: unknown, least: number): number | undefined | null {
  if (given === undefined) return undefined
  const value = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : null
}
