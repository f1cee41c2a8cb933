import {
  commandToGoOn,
  evaluateGates,
  type GateResult,
  gateSettings,
  gatesPass,
  isWithin,
  type Move,
  moveAllowed,
  StranglerError,
} from '@strangler-toolkit/plan';
import { askBroker, type BrokerAnswer } from './contracts/broker/can-i-deploy.ts';
import { gatherFacts } from './gate-facts.ts';
import { requireLatestControl } from './gated-move.ts';
import type { Toolkit } from './toolkit.ts';

/** The moves by the commands that make them. */
export const askedMoves = {
  replicate: 'replicate',
  shadow: 'shadow',
  ramp: 'canary',
  cutover: 'cutover',
  rollback: 'rollback',
  retire: 'retire',
} as const satisfies Readonly<Record<string, Move>>;
export type AskedMove = keyof typeof askedMoves;

export interface CanIResult {
  readonly context: string;
  readonly asked: AskedMove;
  readonly stage: string;
  readonly yes: boolean;
  /** Why the stage forbids it, whatever the evidence. */
  readonly forbidden?: string;
  readonly gates: readonly GateResult[];
  /** What a Pact Broker says, where one is set. */
  readonly broker?: BrokerAnswer;
  /** Renews the first evidence that is missing. */
  readonly nextCommand?: string;
}

export interface CanIOptions {
  /** false: the gates alone are asked, though a Pact Broker is set. */
  readonly broker?: boolean;
  /** Of the side that the move brings in, as the broker knows it (default: what that side says of itself). */
  readonly providerVersion?: string;
}

/**
 * Asks the gates, and a Pact Broker where one is set, and changes nothing, for a pipeline to wait on.
 * @throws StranglerError USAGE, CONFIG_ENV_MISSING, CONTROL_FELL_BACK, BROKER_UNREACHABLE and what else a broker may answer: never a yes
 */
export async function canI(
  kit: Toolkit,
  asked: string,
  context: string,
  { broker: askIt = true, providerVersion }: CanIOptions = {},
): Promise<CanIResult> {
  if (!isAsked(asked))
    throw new StranglerError('USAGE', `there is no move "${asked}"`, {
      remedy: `Ask for one of ${Object.keys(askedMoves).join(', ')}: strangler can-i cutover ${context}`,
    });
  const definition = await kit.definition(context);
  await requireLatestControl(kit, definition);
  const row = await kit.row(definition);
  const move = askedMoves[asked];
  const about = { context, asked, stage: row.stage };
  // A higher share brings reads to the owner there, as the kill switch does: `ramp` asks nothing either.
  if (asked === 'ramp' && row.stage === 'service') return { ...about, yes: true, gates: [] };
  const decision = isWithin(move, row.stage)
    ? undefined
    : moveAllowed(row.stage, definition.data, move);
  if (decision?.allowed === false)
    return { ...about, yes: false, forbidden: decision.reason, gates: [] };
  const facts = await gatherFacts(kit, definition, move, { noBroker: 'apart' });
  const gates = evaluateGates(move, facts, gateSettings(definition));
  const given = providerVersion === undefined ? {} : { given: providerVersion };
  const broker = askIt ? await askBroker(kit, definition, asked, given) : undefined;
  const open = gatesPass(gates);
  const nextCommand = open ? undefined : commandToGoOn(gates, undefined);
  return {
    ...about,
    yes: open && (broker === undefined || broker.deployable === true),
    gates,
    ...(broker && { broker }),
    ...(nextCommand !== undefined && { nextCommand }),
  };
}

const isAsked = (text: string): text is AskedMove => Object.hasOwn(askedMoves, text);
