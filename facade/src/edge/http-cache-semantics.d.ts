/** What the facade uses of the package, which brings no types. */
declare module 'http-cache-semantics' {
  type Headers = Readonly<Record<string, string | string[] | undefined>>;
  interface Asked {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
  }
  export default class CachePolicy {
    constructor(
      request: Asked,
      answer: { readonly status: number; readonly headers: Headers },
      options: { readonly shared: boolean; readonly cacheHeuristic: number },
    );
    storable(): boolean;
    /** Milliseconds. */
    timeToLive(): number;
    /** Seconds. */
    age(): number;
    satisfiesWithoutRevalidation(request: Asked): boolean;
  }
}
