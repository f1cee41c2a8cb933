import type { Command } from 'commander';
import { type CommonOptions, makeCommand, print, type Session, withToolkit } from '../command.ts';
import { discoveredText } from '../text/discover-routes.ts';
import { wroteText } from '../text/forgotten-routes.ts';

export const discoverCommand = (session: Session): Command =>
  makeCommand({
    usage: 'discover',
    summary: 'which requests no context claims, writes first',
    description:
      'Facades count what passes to the monolith because no context claims it, by method and path ' +
      'without identifiers: a route that somebody forgot stands there. What was not found (404, ' +
      '405) is left out. A week stays, the five hundred most asked of each day. Where an audit fence ' +
      'stands (strangler fence audit <context> on), which of them wrote mapped tables is told too.',
    examples: ['routes discover', 'routes discover --json'],
  }).action(async (_own: unknown, command: Command) => {
    // options that `routes` has as well are taken by it
    const common: CommonOptions = command.optsWithGlobals();
    const { discoverRoutes } = await import('../../steps/routes/discover-routes.ts');
    const { allForgottenRoutes } = await import('../../steps/routes/forgotten-routes.ts');
    await withToolkit(session, common, async (kit) => {
      const routes = await discoverRoutes(kit);
      const wrote = await allForgottenRoutes(kit);
      print(session.terminal, common.json, { routes, ...wrote }, () =>
        [discoveredText(routes), ...wroteText(wrote)].join('\n'),
      );
    });
  });
