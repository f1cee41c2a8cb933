import type { Command } from 'commander';
import type { TrafficOptions } from '../../steps/contracts/record/traffic.ts';
import { count } from '../command.ts';

export interface TrafficFlags {
  readonly traffic?: string;
  readonly monolith?: string;
  readonly route?: string;
  readonly limit?: number;
  readonly header: readonly string[];
  readonly as?: string;
}

/** What a draft from traffic may be told, whatever it drafts. */
export const withTraffic = (command: Command): Command =>
  command
    .option('--route <route>', "one route only: 'GET /x' as the context file has it, or its name")
    .option(
      '--limit <requests>',
      'ask the monolith at most so often per route (default: 50)',
      count,
    )
    .option(
      '--header <name=place>',
      'sign in where a stranger gets no answer: name=env:VARIABLE or name=file:PATH (repeatable; never written to the draft)',
      (place: string, before: readonly string[]) => [...before, place],
      [],
    )
    .option('--as <who>', "who that is, for the draft's state (default: 'a user')");

export const trafficOptions = (
  context: string,
  traffic: string | undefined,
  flags: TrafficFlags,
): TrafficOptions => ({
  context,
  ...(traffic !== undefined && { traffic }),
  headers: flags.header,
  ...(flags.monolith !== undefined && { monolith: flags.monolith }),
  ...(flags.route !== undefined && { route: flags.route }),
  ...(flags.limit !== undefined && { limit: flags.limit }),
  ...(flags.as !== undefined && { as: flags.as }),
});
