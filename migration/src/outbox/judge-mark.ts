/** What a consumer knows of one connector's chain of marks. */
export interface KnownMarks {
  /** Newest last. Connect sends again what it had not noted down when it was killed. */
  readonly recent: readonly string[];
  /** Offset behind the newest one: what is read again from the topic was looked at. */
  readonly next: number;
}

export interface ReadMark {
  readonly id: string;
  readonly offset: number;
  /** The mark before it; behind a new slot all recent ones. */
  readonly after: readonly string[];
}

const remembered = 200;

/**
 * Every mark names the one before it. A database that went back to an earlier state goes on from there with marks that nobody
 * knows; a slot that skipped something skipped marks. Until `before` nothing was followed yet: a topic that a consumer reads for
 * the first time, or anew, may hold a break that others were told of.
 * @returns what is known now, or why it is not the chain that was followed
 */
export function judgeMark(
  known: KnownMarks | undefined,
  { id, offset, after }: ReadMark,
  before = 0,
): KnownMarks | { readonly why: string } {
  const newest = known?.recent.at(-1);
  if (known === undefined || newest === undefined) return { recent: [id], next: offset + 1 };
  const next = Math.max(known.next, offset + 1);
  if (offset < known.next || known.recent.includes(id)) return { ...known, next };
  if (offset < before || after.includes(newest))
    return { recent: [...known.recent, id].slice(-remembered), next };
  const passed = after.some((before) => known.recent.includes(before));
  return {
    why: passed
      ? `mark ${id} follows an earlier one than ${newest}, which was read: the database went back to a state before it`
      : `mark ${id} does not follow ${newest}, which was read last: the database went back to a state before ` +
        `it, or its slot skipped changes`,
  };
}
