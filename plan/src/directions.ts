import type { Side } from './migration.ts';

/** forward: monolith → service; reverse: service → monolith. */
export type Direction = 'forward' | 'reverse';

export const bothSides: readonly Side[] = ['monolith', 'service'];
export const directions: readonly Direction[] = ['forward', 'reverse'];

export const otherSide = (side: Side): Side => (side === 'monolith' ? 'service' : 'monolith');

/** Changes stream away from the owner. */
export const directionFrom = (owner: Side): Direction =>
  owner === 'monolith' ? 'forward' : 'reverse';

export const oppositeOf = (direction: Direction): Direction =>
  direction === 'forward' ? 'reverse' : 'forward';

export const sourceOf = (direction: Direction): Side =>
  direction === 'forward' ? 'monolith' : 'service';

export const targetOf = (direction: Direction): Side => otherSide(sourceOf(direction));
