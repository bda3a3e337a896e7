/** What went wrong, in the words of the error: for a log or a record, never for a caller. @module */

export const problemOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown')
