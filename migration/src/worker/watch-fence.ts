import type pg from 'pg';
import { noticeOpenings } from '../replica/fence-marks.ts';

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
