/** Makes a thing when it is first asked for, and keeps it; what throws is tried again. @module */

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
