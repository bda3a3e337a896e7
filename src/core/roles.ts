/** What a role of an account, a key or a trusted subject looks like. @module */

export const ROLE_PATTERN: RegExp = /^[\w.:@/-]{1,64}$/
