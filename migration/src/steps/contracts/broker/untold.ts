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

type Row = Pick<JournalRow, 'epoch' | 'status' | 'detail'>;

const environmentOf = (row: Row | undefined): string | undefined =>
  typeof row?.detail.environment === 'string' ? row.detail.environment : undefined;

/**
 * Of the epoch that is now. Undefined: the broker was told, nobody ever changed the owner, or neither this environment nor the
 * journal speaks of a broker. A command that was killed wrote down before its move that there is one.
 */
export function untold(
  { context, contracts }: Pick<MigrationDefinition, 'context' | 'contracts'>,
  { owner, epoch }: { readonly owner: Side; readonly epoch: number },
  known: {
    /** The journal's lines of deployments, in order. */
    readonly rows: readonly Row[];
    readonly isSet: boolean;
    readonly environment?: string;
  },
): Untold | undefined {
  const { rows, isSet } = known;
  if (contracts === undefined || epoch <= 1 || (!isSet && rows.length === 0)) return undefined;
  const environment =
    known.environment ??
    environmentOf(rows.findLast((row) => row.status === 'started' && environmentOf(row)));
  // A broker believes the last word on an environment, and one on another is none on this.
  const told = rows.findLast(
    (row) =>
      row.status === 'done' && (environment === undefined || environmentOf(row) === environment),
  );
  if (told?.epoch === epoch && told.detail.side === owner) return undefined;
  const failed = rows.findLast(
    (row) => row.status === 'failed' && row.epoch === epoch && row.detail.side === owner,
  )?.detail;
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
            environment: environment ?? environmentOf(rows.findLast(environmentOf)),
          }),
  };
}
