import type { Problem } from '../proxy/problem.ts';
import { rawHeader } from '../proxy/raw-headers.ts';
import type { Duties } from './duties.ts';
import {
  limitHeaders,
  type HeaderPair,
  type LimitVerdict,
  overLimit,
  type RateLimit,
} from './rate-limit.ts';
import { checkToken } from './token-check.ts';

/** A request as its duties look at it. */
export interface Asked {
  readonly method?: string | undefined;
  readonly rawHeaders: readonly string[];
  /** The method that a framework may take instead. */
  readonly override: string | undefined;
  /** What is counted on its own; the same for all that no context claims. */
  readonly route: string;
  /** As the context knows it, unproven; undefined: nothing says who asks. */
  readonly identity: () => string | undefined;
  readonly address: () => string;
}
export interface LetIn {
  readonly kind: 'let-in';
  /** Who asks, as somebody says whom the facade believes. */
  readonly subject: string | undefined;
  /** What its answer says besides, whoever gives it. */
  readonly headers: readonly HeaderPair[];
}
export interface TurnedAway {
  readonly kind: 'turned-away';
  readonly problem: Problem;
}

/**
 * A browser's question whether it may ask (Fetch §3.2.2), which never says who asks. It always says its origin, and never names
 * another method: many frameworks would do what that one says.
 */
const isPreflight = ({ method, rawHeaders, override }: Asked): boolean =>
  method === 'OPTIONS' &&
  override === undefined &&
  rawHeader(rawHeaders, 'origin') !== undefined &&
  rawHeader(rawHeaders, 'access-control-request-method') !== undefined;

const nobodyCounts: readonly RateLimit[] = [];

/** By limit, of one request: what is for several contexts falls under some of their limits more than once. */
export type CountedBefore = Map<RateLimit, LimitVerdict>;

/** Whether a request may go on, before any upstream hears of it. */
export async function atTheDoor(
  { jwt, limits = nobodyCounts }: Duties,
  asked: Asked,
  before: CountedBefore,
): Promise<LetIn | TurnedAway> {
  const counted: LimitVerdict[] = [];
  const count = async (limit: RateLimit, who: string): Promise<void> => {
    const verdict = before.get(limit) ?? (await limit.count(asked.route, who));
    before.set(limit, verdict);
    counted.push(verdict);
  };
  // before signatures are looked at, which is what a flood of bad ones would cost
  for (const limit of limits)
    if (limit.per === 'all') await count(limit, 'all');
    else if (limit.per === 'address') await count(limit, `address ${asked.address()}`);
  let problem = overLimit(counted);
  if (problem) return { kind: 'turned-away', problem };
  let subject: string | undefined;
  if (jwt && !isPreflight(asked)) {
    const verdict = await checkToken(jwt.rule, jwt.keys, asked.rawHeaders);
    if (verdict.kind === 'refused') return { kind: 'turned-away', problem: verdict.problem };
    if (verdict.subject !== undefined) subject = `${jwt.rule.issuer} ${verdict.subject}`;
  }
  for (const limit of limits)
    if (limit.per === 'identity') await count(limit, whoOf(asked, subject));
  problem = overLimit(counted);
  if (problem) return { kind: 'turned-away', problem };
  return { kind: 'let-in', subject, headers: limitHeaders([...before.values()]) };
}

/** Who is proven before who is said before where it comes from. */
function whoOf({ identity, address }: Asked, subject: string | undefined): string {
  if (subject !== undefined) return `subject ${subject}`;
  const said = identity();
  return said === undefined ? `address ${address()}` : `identity ${said}`;
}
