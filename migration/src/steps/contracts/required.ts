import type { InteractionResult } from './verifier.ts';

/** Nothing is known, whatever a tool lets pass. */
const notVerified: readonly InteractionResult['verdict'][] = [
  'state-not-entered',
  'pending',
  'message',
];

/** Of a pact that the broker does not ask to be kept yet: it proves nothing, and fails nothing. */
export const isExcused = ({ verdict, notRequired }: InteractionResult): boolean =>
  notRequired !== undefined && verdict === 'pending';

/** Asked for, and not found out. */
export const isOpen = (interaction: InteractionResult): boolean =>
  notVerified.includes(interaction.verdict) && !isExcused(interaction);

/** What a reader has to act on. */
export const isFault = (interaction: InteractionResult): boolean =>
  !interaction.ok && !isExcused(interaction);
