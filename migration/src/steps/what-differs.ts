import type { Evidence } from '../control/index.ts';

const others = {
  unsettled: 'not settled (they changed while they were compared)',
  orphans: 'that refer to nothing',
  underived: 'that hold something else than their expression',
} as const;

/** What a verification found, in numbers: not clean need not mean that rows differ. */
export function whatDiffers({ ok, detail }: Pick<Evidence, 'ok' | 'detail'>): string {
  if (ok) return '0 differing rows';
  const found = Object.entries(others).flatMap(([name, text]) => {
    const count = Number(detail[name] ?? 0);
    return count > 0 ? [`${count} ${text}`] : [];
  });
  const differing =
    typeof detail.differences === 'number' ? String(detail.differences) : 'an unknown number of';
  return [`${differing} differing rows`, ...found].join(', ');
}
