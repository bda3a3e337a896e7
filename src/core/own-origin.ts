/**
 * Whose an entry is that Sallyport itself adds beside what it serves: a search for tools, say. A key that was made for some servers may
 * use it too, since it leads nowhere that the key does not. No server can be called this: a colon is in no name of one.
 *
 * @module
 */

export const OWN_ORIGIN = 'sallyport:own'
