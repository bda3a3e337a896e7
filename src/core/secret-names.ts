/** Names of fields that hold what grants access: a detector, since a secret under another name is not found. @module */

const words =
  /pass(?:word|wd|phrase|code)|secret|api[-_]?key|(?:access|auth|refresh|bearer|id)[-_]?token|private[-_]?key|credential|card[-_]?number|\bcvv\b|\bcvc\b/i

export const looksSecret = (name: string): boolean => words.test(name)
