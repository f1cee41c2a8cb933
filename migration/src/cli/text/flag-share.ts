import type { FlagState } from '../../flags/index.ts';

/** Whom a flag is for. */
export const flagShare = ({ percent, byRequest, identities }: FlagState): string =>
  `${percent} %${byRequest ? ' by request' : ''}${identities ? ' and named identities' : ''}`;
