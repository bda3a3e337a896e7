// What is used of autocannon, which brings no types.
declare module 'autocannon' {
  interface Options {
    readonly url: string
    readonly method: string
    readonly headers: Record<string, string>
    readonly body: string
    readonly connections: number
    readonly duration: number
    readonly timeout: number
    readonly overallRate?: number
    readonly requests?: readonly { setupRequest(request: object): object }[]
  }
  interface Result {
    readonly requests: { readonly total: number }
    readonly non2xx: number
    readonly errors: number
    readonly timeouts: number
    readonly duration: number
  }
  interface Run extends Promise<Result> {
    on(event: 'response', listener: (client: unknown, status: number, bytes: number, milliseconds: number) => void): void
  }
  export default function autocannon(options: Options): Run
}
