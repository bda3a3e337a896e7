export function progress(what: string): { end(last?: string): void }
