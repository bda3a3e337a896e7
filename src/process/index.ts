export { type Command, signalGroup, startChild, stopChild } from './child.ts'
export { createLastWords } from './last-words.ts'
export { createLineReader, idOfDropped } from './line-reader.ts'
