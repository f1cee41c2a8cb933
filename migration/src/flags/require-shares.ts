import { StranglerError } from '@strangler-toolkit/plan';
import type { FlagWriter } from './flag-writer.ts';

/**
 * Asked before a step changes anything: can these shares be given at all?
 * @throws StranglerError UNLEASH_NEEDED
 */
export function requireShares(writer: FlagWriter, shares: readonly number[]): void {
  const between = shares.filter((share) => share > 0 && share < 100);
  if (writer.percentages || between.length === 0) return;
  throw new StranglerError(
    'UNLEASH_NEEDED',
    `${between.join(', ')} %: without Unleash a flag is for everybody or for nobody`,
    { details: { shares: between } },
  );
}
