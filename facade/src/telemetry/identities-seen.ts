import type { Ledger } from './ledger.ts';

/** Marks of identities per hour and context. Two identities share one now and then: the number is an estimate above some hundreds. */
const identityMarks = 4_096;
const shareMarks = 100;

export interface IdentitiesSeen {
  readonly context: string;
  /** ISO, whole hour. */
  readonly hour: string;
  requests: number;
  anonymous: number;
  readonly seen: Set<number>;
  readonly shares: Set<number>;
}

export const identitiesKey = ({
  context,
  hour,
}: Pick<IdentitiesSeen, 'context' | 'hour'>): string => `${context}
${hour}`;

export function addIdentities(into: IdentitiesSeen, more: IdentitiesSeen): void {
  into.requests += more.requests;
  into.anonymous += more.anonymous;
  for (const mark of more.seen) into.seen.add(mark);
  for (const mark of more.shares) into.shares.add(mark);
}

/** One request: whose, if anybody's, and the smallest percentage that includes it. */
export interface Seen {
  readonly context: string;
  /** Hexadecimal hash; undefined for a request that shows none. */
  readonly identity: string | undefined;
  readonly share: number | undefined;
}

const hourMs = 3_600_000;
let latest = { hour: Number.NaN, text: '' };

/** Written out once an hour, not once a request. */
function wholeHour(now: number): string {
  const hour = Math.floor(now / hourMs);
  if (latest.hour !== hour) latest = { hour, text: new Date(hour * hourMs).toISOString() };
  return latest.text;
}

/** Notes one request. `now`: the control database's clock, milliseconds. */
export function noteIdentity(
  ledger: Ledger<IdentitiesSeen>,
  { context, identity, share }: Seen,
  now: number,
): void {
  const hour = wholeHour(now);
  let entry = ledger.get(identitiesKey({ context, hour }));
  if (!entry) {
    entry = { context, hour, requests: 0, anonymous: 0, seen: new Set(), shares: new Set() };
    ledger.add(entry);
  }
  entry.requests++;
  if (identity === undefined) entry.anonymous++;
  else entry.seen.add(Number.parseInt(identity.slice(0, 8), 16) % identityMarks);
  if (share !== undefined) entry.shares.add(share - 1);
}

function hexadecimal(marks: ReadonlySet<number>, size: number): string {
  const bytes = new Uint8Array(Math.ceil(size / 8));
  for (const mark of marks)
    if (mark < size) bytes[mark >> 3] = (bytes[mark >> 3] ?? 0) | (0x80 >> (mark & 7));
  return Buffer.from(bytes).toString('hex');
}

/** As it travels. */
export const toldIdentities = (entry: IdentitiesSeen): Record<string, unknown> => ({
  ...entry,
  seen: hexadecimal(entry.seen, identityMarks),
  shares: hexadecimal(entry.shares, shareMarks),
});
