/** What the names of the protocol's own keys in `_meta` begin with (2026-07-28 basic §_meta). @module */

export const META_PREFIX = 'io.modelcontextprotocol/'
