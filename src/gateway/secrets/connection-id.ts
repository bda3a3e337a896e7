/** What a named secret is called among a person's connections: servers have no `.` in their ids, so that neither takes the other's place. @module */

export const connectionIdOf = (secret: string): string => `secret.${secret}`
