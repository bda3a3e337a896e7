// Suggestions for arguments and variables.

const WORDS = ['paris', 'park', 'party', 'test-a', 'test-b']

export const suggest = (value: string): string[] => WORDS.filter((word) => word.startsWith(value))
