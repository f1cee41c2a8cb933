import type { CacheRule } from './cache-rules.ts';
import type { CorsRule } from './cors.ts';
import type { JwtRule } from './jwt-rules.ts';
import type { Rewrites } from './rewrite.ts';
import type { KeySet } from './key-set.ts';
import type { RateLimit } from './rate-limit.ts';
import type { SessionBridge } from './session-bridge.ts';

/** What the facade does for a request besides sending it on; what is undefined is not done. */
export interface Duties {
  readonly jwt: { readonly rule: JwtRule; readonly keys: KeySet } | undefined;
  /** Bytes that the body of a request may have. */
  readonly maxBody: number | undefined;
  readonly cache: CacheRule | undefined;
  readonly cors: CorsRule | undefined;
  /** Other headers and fields, per side. */
  readonly rewrites: Rewrites | undefined;
  readonly session: SessionBridge | undefined;
  readonly limits: readonly RateLimit[] | undefined;
}
