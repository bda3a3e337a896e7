export { type Command, signalGroup, startChild, stopChild } from './child.ts'
export { createLineReader, idOfDropped } from './line-reader.ts'
