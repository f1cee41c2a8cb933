import { installOutbox } from '@strangler-toolkit/service-kit';
import type { Kysely } from 'kysely';
import { querying } from '../database.ts';

export const up = (db: Kysely<unknown>): Promise<void> => installOutbox(querying(db));
