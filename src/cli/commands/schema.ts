/** `sallyport schema`: the JSON Schema of the configuration, for editors and for people. Always JSON. @module */

import { configJsonSchema } from '../../gateway/index.ts'

export function printSchema(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
}
