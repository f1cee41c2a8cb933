/** A write that got no answer may have happened or not; nothing else is sent to its product afterwards. */
export type Uncertain =
  | { readonly kind: 'price'; readonly cents: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'delete' };

/** What the acknowledged writes say about one product. */
export interface Entry {
  readonly id: string;
  readonly sku: string;
  name: string;
  cents: number;
  /** One per price that the product ever had, the first included: a doubled adjustment shows here even if undone. */
  revisions: number;
  deleted: boolean;
  uncertain?: Uncertain;
}

/** What a side says about the same product; undefined: it does not have it. */
export interface Found {
  readonly name: string;
  readonly cents: number;
  readonly revisions: number;
}

export interface Verdict {
  lost: number;
  doubled: number;
  checked: number;
  readonly examples: string[];
}

/** Every acknowledged write of the clients. */
export class Ledger {
  readonly entries: Entry[] = [];

  live(): Entry[] {
    return this.entries.filter((entry) => !entry.deleted && !entry.uncertain);
  }
}

const variants = (entry: Entry): (Found | undefined)[] => {
  const certain: Found | undefined = entry.deleted
    ? undefined
    : { name: entry.name, cents: entry.cents, revisions: entry.revisions };
  if (!certain || !entry.uncertain) return [certain];
  switch (entry.uncertain.kind) {
    case 'price':
      return [
        certain,
        {
          ...certain,
          cents: certain.cents + entry.uncertain.cents,
          revisions: certain.revisions + 1,
        },
      ];
    case 'name':
      return [certain, { ...certain, name: entry.uncertain.name }];
    case 'delete':
      return [certain, undefined];
  }
};

/** Holds one product against the ledger. */
export function judge(entry: Entry, found: Found | undefined, verdict: Verdict): void {
  verdict.checked++;
  const same = (variant: Found | undefined): boolean =>
    variant === undefined || found === undefined
      ? variant === found
      : variant.name === found.name &&
        variant.cents === found.cents &&
        variant.revisions === found.revisions;
  if (variants(entry).some(same)) return;
  const surplus =
    found && !entry.deleted
      ? found.revisions - entry.revisions - (entry.uncertain?.kind === 'price' ? 1 : 0)
      : 0;
  if (surplus > 0) verdict.doubled += surplus;
  else verdict.lost += Math.max(1, -surplus);
  if (verdict.examples.length < 20)
    verdict.examples.push(
      `${entry.sku}: acknowledged ${JSON.stringify(entry)}, found ${JSON.stringify(found ?? null)}`,
    );
}
