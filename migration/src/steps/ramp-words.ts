/** Those named besides a share, in words. */
export const besides = (named: number): string =>
  named === 0 ? '' : ` and ${named} named ${named === 1 ? 'identity' : 'identities'}`;
