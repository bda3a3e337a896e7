// `npm run conformance:client -- URL`: the program that the suite tests, as one file that is made first where it is not there.
//
//   node_modules/.bin/conformance client --command "npm run --silent conformance:client --" --requirements 2026-07-28 -o DIR

import { pathToFileURL } from 'node:url'
import { bundleClient } from './bundle.ts'

await import(pathToFileURL(await bundleClient()).href)
