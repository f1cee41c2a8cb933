import type pg from 'pg';
import { noticeOpenings } from '../replica/fence-marks.ts';
import { tidyStrays } from '../replica/tidy-strays.ts';
import { withoutValues } from '../database/without-values.ts';

/** Counts who stepped round the fence on the side that does not own, and tells it once. */
export async function watchFence(
  target: pg.Client,
  context: string,
  tell: (text: string) => void = () => undefined,
): Promise<void> {
  const { begun, fresh } = await noticeOpenings(target, context);
  if (begun)
    tell('a fence of an earlier release stands: from now on it is seen when somebody opens it');
  if (fresh.length > 0)
    tell(
      `${fresh.join(', ')}: writes in between left no trace. strangler fence rearm ${context} closes it, ` +
        `strangler verify ${context} compares`,
    );
}

const tidyEveryMs = 60_000;

/** Keeps the log of an audit fence small on the side that owns. What hinders that is told once, and hinders nothing else. */
export function tidying(
  source: pg.Client,
  context: string,
  tell: (text: string) => void = () => undefined,
): () => Promise<void> {
  let next = 0;
  return async () => {
    if (performance.now() < next) return;
    next = performance.now() + tidyEveryMs;
    await tidyStrays(source, context).catch((error: unknown) => {
      next = Infinity;
      tell(`the log of the audit fence is not added up, and may grow: ${withoutValues(error)}`);
    });
  };
}
