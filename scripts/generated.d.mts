export function generated(): Promise<ReadonlyMap<string, string>>
