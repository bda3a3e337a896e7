/** What a named secret is called among a person's connections: servers have no `.` in their ids, so that neither takes the other's place. @module */

const PREFIX = 'secret.'

export const connectionIdOf = (secret: string): string => PREFIX + secret
/** Undefined: it is the id of something else. */
export const secretOf = (id: string): string | undefined => (id.startsWith(PREFIX) ? id.slice(PREFIX.length) : undefined)
