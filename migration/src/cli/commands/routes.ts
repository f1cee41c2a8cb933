import { Command } from 'commander';
import type { Session } from '../command.ts';
import { discoverCommand } from './routes-discover.ts';

/** Only commands of its own. */
export const routesCommand = (session: Session): Command =>
  new Command('routes')
    .summary('which requests contexts claim, and which nobody does')
    .description('Which requests contexts claim, and which nobody does.')
    .addCommand(discoverCommand(session));
