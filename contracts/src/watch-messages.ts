import { askForMessages } from './asked-messages.ts';
import type { MessageSource, MessageWatch } from './message-source.ts';
import { watchOutbox } from './outbox-messages.ts';

/** @throws Error when the source does not answer */
export const watchMessages = (source: MessageSource): Promise<MessageWatch> =>
  'outbox' in source ? watchOutbox(source.outbox) : askForMessages(source.url);
