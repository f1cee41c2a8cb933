import type { Evidence } from '../evidence.ts';
import type { Crowd } from './crowd.ts';

const lookMs = 1_000;

/** Whoever types the commands waits for readers at one stage: that of the shadow, whose answers are counted. */
export async function hurryWhileShadowed(
  crowd: Crowd,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<void> {
  const shadowed = async (): Promise<boolean> =>
    (await evidence.context('catalog').catch(() => undefined))?.stage === 'shadowing';
  const look = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  };
  while (!signal.aborted && !crowd.stopped) {
    await look();
    if (!(await shadowed())) continue;
    await crowd.hurried('readers', async () => {
      while (!signal.aborted && !crowd.stopped && (await shadowed())) await look();
    });
  }
}
