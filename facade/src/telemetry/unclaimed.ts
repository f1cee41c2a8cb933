/** Requests of one method and path that passed because no context claims them. */
export interface Unclaimed {
  readonly method: string;
  /** Without identifiers. */
  readonly path: string;
  requests: number;
}

export const unclaimedKey = ({ method, path }: Pick<Unclaimed, 'method' | 'path'>): string =>
  `${method} ${path}`;

export function addUnclaimed(into: Unclaimed, more: Unclaimed): void {
  into.requests += more.requests;
}

/** What is not there, and what nobody got an answer to, is nobody's forgotten route: scanners ask for such. */
export const isUnclaimedRoute = (status: number): boolean =>
  status !== 404 && status !== 405 && status !== 499;
