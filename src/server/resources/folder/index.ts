export { openFolder } from './folder.ts'
export { createLiveFolder, type FileList, type LiveFolder } from './live-folder.ts'
export { toEncodedPath, toSegments } from './segments.ts'
