import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type { JournalRow } from '../../../control/index.ts';

/** A change of owner that the broker was not told of. */
export interface Untold {
  readonly side: Side;
  readonly epoch: number;
  readonly why: string;
  /** Tells it. */
  readonly command: string;
}

/** What records a deployment later. */
export const commandFor = (
  context: string,
  known: {
    readonly side: Side;
    readonly version?: string | undefined;
    readonly environment?: string | undefined;
  },
): string =>
  [
    `strangler contracts record-deployment ${context} --side ${known.side}`,
    ...(known.version === undefined ? [] : [`--provider-version ${known.version}`]),
    `--environment ${known.environment ?? '<name>'}`,
  ].join(' ');

/**
 * Of the epoch that is now. Undefined: the broker was told, nobody ever changed the owner, or neither this environment nor the
 * journal speaks of a broker. A command that was killed wrote down before its move that there is one.
 */
export function untold(
  { context, contracts }: Pick<MigrationDefinition, 'context' | 'contracts'>,
  { owner, epoch }: { readonly owner: Side; readonly epoch: number },
  known: {
    /** The journal's lines of deployments, in order. */
    readonly rows: readonly Pick<JournalRow, 'epoch' | 'status' | 'detail'>[];
    readonly isSet: boolean;
    readonly environment?: string;
  },
): Untold | undefined {
  const { rows, isSet } = known;
  if (contracts === undefined || epoch <= 1 || (!isSet && rows.length === 0)) return undefined;
  const ofNow = rows.filter((row) => row.epoch === epoch && row.detail.side === owner);
  if (ofNow.some(({ status }) => status === 'done')) return undefined;
  const failed = ofNow.findLast(({ status }) => status === 'failed')?.detail;
  const intended = rows.findLast(({ detail }) => typeof detail.environment === 'string')?.detail;
  return {
    side: owner,
    epoch,
    why:
      `the Pact Broker was not told that the ${owner} serves since epoch ${epoch}` +
      (typeof failed?.why === 'string' ? ` (${failed.why})` : ''),
    command:
      typeof failed?.command === 'string'
        ? failed.command
        : commandFor(context, {
            side: owner,
            environment: known.environment ?? (intended?.environment as string | undefined),
          }),
  };
}
