import type { Problem } from '../proxy/problem.ts';
import { rawHeader } from '../proxy/raw-headers.ts';
import type { Duties } from './duties.ts';
import { checkToken } from './token-check.ts';

/** A request as its duties look at it. */
export interface Asked {
  readonly method?: string | undefined;
  readonly rawHeaders: readonly string[];
}
export interface LetIn {
  readonly kind: 'let-in';
  /** Who asks, as somebody says whom the facade believes. */
  readonly subject: string | undefined;
}
export interface TurnedAway {
  readonly kind: 'turned-away';
  readonly problem: Problem;
}

/** A browser's question whether it may ask (Fetch §3.2.2), which never says who asks. */
const isPreflight = ({ method, rawHeaders }: Asked): boolean =>
  method === 'OPTIONS' && rawHeader(rawHeaders, 'access-control-request-method') !== undefined;

/** Whether a request may go on, before any upstream hears of it. */
export async function atTheDoor({ jwt }: Duties, asked: Asked): Promise<LetIn | TurnedAway> {
  let subject: string | undefined;
  if (jwt && !isPreflight(asked)) {
    const verdict = await checkToken(jwt.rule, jwt.keys, asked.rawHeaders);
    if (verdict.kind === 'refused') return { kind: 'turned-away', problem: verdict.problem };
    ({ subject } = verdict);
  }
  return { kind: 'let-in', subject };
}
