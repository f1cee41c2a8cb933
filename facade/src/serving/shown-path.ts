import { collapsedAs, collapsedPath } from '@strangler-toolkit/plan';
import type { Arrival } from '../admission/arrival.ts';

/** The path of a request as logs and counts tell it: the route's own where one claims it, no identifier anywhere. */
export const shownPath = ({ claim, path }: Pick<Arrival, 'claim' | 'path'>): string =>
  claim ? collapsedAs(claim.route.definition.path, path) : collapsedPath(path);
