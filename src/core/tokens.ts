/**
 * About how many tokens a model spends on a text: a quarter of its bytes in UTF-8. An estimate and nothing else: each model counts its
 * own way, and English prose is overstated by it, numbers and code understated. Good for budgets, and the same everywhere.
 *
 * @module
 */

export const BYTES_A_TOKEN = 4
export const estimateTokens = (text: string): number => Math.ceil(Buffer.byteLength(text) / BYTES_A_TOKEN)
