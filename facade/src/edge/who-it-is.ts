import type { SessionRule } from './session-rules.ts';

export type WhoItIs =
  | {
      readonly kind: 'somebody';
      readonly subject: string;
      readonly claims: Readonly<Record<string, unknown>>;
    }
  /** The monolith says that nobody has this session. */
  | { readonly kind: 'nobody' }
  /** It said nothing that can be understood. */
  | { readonly kind: 'unknown'; readonly why: string };

function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.slice(1).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name))
      return undefined;
    found = Reflect.get(found, name);
  }
  return found;
}

/** Numbers beyond what a double holds would make two people one. */
const subjectText = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value || undefined
    : Number.isSafeInteger(value)
      ? String(value)
      : undefined;

/** What the monolith's answer says of a session. */
export function whoItIs(
  { status, body }: { readonly status: number; readonly body: Buffer },
  { subject, claims }: Pick<SessionRule, 'subject' | 'claims'>,
): WhoItIs {
  // to a page for logging in
  const sentAway = status >= 300 && status < 400 && status !== 304;
  if (status === 204 || status === 401 || status === 403 || sentAway) return { kind: 'nobody' };
  if (status !== 200) return { kind: 'unknown', why: `it answered ${status}` };
  let told: unknown;
  try {
    told = JSON.parse(body.toString('utf8'));
  } catch {
    return { kind: 'unknown', why: 'its answer is no JSON' };
  }
  const said = at(told, subject);
  if (said === undefined || said === null || said === '') return { kind: 'nobody' };
  const who = subjectText(said);
  if (who === undefined)
    return { kind: 'unknown', why: `${subject} is neither a text nor a whole number` };
  const entries = Object.entries(claims).map(
    ([name, pointer]) => [name, at(told, pointer)] as const,
  );
  return {
    kind: 'somebody',
    subject: who,
    claims: Object.fromEntries(
      entries.filter(([, value]) => value !== undefined && value !== null),
    ),
  };
}
