import type { Difference, Observed, Rules } from './difference.ts';
import { digest } from './digest.ts';
import { maskText } from './mask.ts';
import { isText, mediaType, strictText } from './media-type.ts';
import { proposeMasks } from './propose-masks.ts';

/** Bodies that are no JSON: text without what the route masks, everything else byte by byte. */
export function compareText(
  reference: Observed,
  candidate: Observed,
  { masks = [] }: Rules,
): readonly Difference[] {
  const differs = {
    path: 'body',
    reference: digest(reference.body),
    candidate: digest(candidate.body),
  };
  if (!isText(mediaType(reference)) || !isText(mediaType(candidate))) return [differs];
  const [one, other] = [strictText(reference), strictText(candidate)];
  if (one === undefined || other === undefined) return [differs];
  const [left, right] = [maskText(one, masks), maskText(other, masks)];
  if (left === right) return [];
  const proposed = proposeMasks(left, right);
  return [{ ...differs, ...(proposed.length > 0 && { masks: proposed }) }];
}
