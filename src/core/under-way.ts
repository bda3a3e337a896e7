/**
 * What is under way now, by key: a `Map` for entries that come and go with every call.
 *
 * A plain one would keep the dead alive. As its entries change, V8 moves it to a new table again and again; each table that it has left
 * points to the next and still at what was in it, and once one of them has grown old, a minor collection frees nothing that any of
 * them holds (measured: every second call lived until the next full collection, and the collector took a sixth of the time). Here an
 * entry lets go of its value as it leaves.
 *
 * @module
 */

export class UnderWay<Key, Value extends object> {
  readonly #places = new Map<Key, { value: Value | undefined }>()

  get size(): number {
    return this.#places.size
  }

  /** `key` must not be under way already. */
  add(key: Key, value: Value): void {
    this.#places.set(key, { value })
  }

  has(key: Key): boolean {
    return this.#places.has(key)
  }

  get(key: Key): Value | undefined {
    return this.#places.get(key)?.value
  }

  /** Undefined where it was not there. */
  take(key: Key): Value | undefined {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    this.#places.delete(key)
    const { value } = place
    place.value = undefined
    return value
  }

  /** The oldest first. What is taken meanwhile is left out. */
  *entries(): Generator<[key: Key, value: Value], void> {
    for (const [key, { value }] of this.#places) if (value !== undefined) yield [key, value]
  }

  *values(): Generator<Value, void> {
    for (const { value } of this.#places.values()) if (value !== undefined) yield value
  }
}
