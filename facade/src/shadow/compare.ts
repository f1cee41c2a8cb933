import { compareHeaders } from './compare-headers.ts';
import { compareJson } from './compare-json.ts';
import { compareText } from './compare-text.ts';
import type { Difference, Observed, Rules } from './difference.ts';
import { type Json, readJson } from './json-text.ts';
import { isJson, mediaType, strictText } from './media-type.ts';

/**
 * What differs between two answers, by the route's rules: status, headers with meaning, JSON by structure, other bodies byte by
 * byte. Nothing is compared after a step that could make different answers equal.
 */
export function compareAnswers(
  reference: Observed,
  candidate: Observed,
  rules: Rules = {},
): readonly Difference[] {
  const status: readonly Difference[] =
    reference.status === candidate.status
      ? []
      : [{ path: 'status', reference: reference.status, candidate: candidate.status }];
  const headers = compareHeaders(reference, candidate, rules);
  return [...status, ...headers, ...compareBodies(reference, candidate, rules)];
}

function compareBodies(
  reference: Observed,
  candidate: Observed,
  rules: Rules,
): readonly Difference[] {
  if (reference.body.equals(candidate.body)) return [];
  if (isJson(mediaType(reference)) && isJson(mediaType(candidate))) {
    const [one, other] = [documentOf(reference), documentOf(candidate)];
    if (one !== undefined && other !== undefined) return compareJson(one, other, rules);
  }
  return compareText(reference, candidate, rules);
}

/** Undefined for what says JSON and is not: compared like any other body. A byte order mark is none: many clients choke on it. */
function documentOf(observed: Observed): Json | undefined {
  const text = strictText(observed);
  if (text === undefined) return undefined;
  try {
    return readJson(text);
  } catch {
    return undefined;
  }
}
