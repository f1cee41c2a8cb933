import { httpMethods, StranglerError } from '@strangler-toolkit/plan';
import type { Command } from 'commander';
import { type CommonOptions, makeCommand, print, type Session, withToolkit } from '../command.ts';
import { explanationText, routesText } from '../text/routes.ts';
import { discoverCommand } from './routes-discover.ts';

/** `GET /x?y=1`, as a request line has it; a path alone is a GET. */
function requestLine(text: string): { method: string; target: string } {
  const [first = '', second, ...rest] = text.trim().split(/\s+/);
  const [method, target] = second === undefined ? ['GET', first] : [first.toUpperCase(), second];
  const version = rest.length === 0 || (rest.length === 1 && rest[0]?.startsWith('HTTP/'));
  const named = second !== undefined || target.startsWith('/');
  if (!named || !version || !httpMethods.some((known) => known === method))
    throw new StranglerError('USAGE', `"${text}" is no request line such as "GET /x?y=1"`);
  return { method, target };
}

/** Each line of a name, as the facade sees them. */
function headersOf(lines: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const [, name, value] = /^([^\s:]+):\s*(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new StranglerError('USAGE', `"${line}" is no header such as "cookie: sid=1"`);
    (headers[name.toLowerCase()] ??= []).push(value);
  }
  return headers;
}

interface Explained {
  readonly header: string[];
  readonly graphql?: string;
  readonly operation?: string;
}

export function routesCommand(session: Session): Command {
  const routes = makeCommand({
    usage: 'routes [context]',
    summary: 'which requests the contexts claim, and who owns their data now',
    description:
      'Prints the table of routes. Owners come from the control database; without it the table\n' +
      'is printed all the same.',
    examples: ['routes', 'routes catalog --json', "routes explain 'GET /api/products/7?full=1'"],
  }).action(async (context: string | undefined, common: CommonOptions) => {
    const { listRoutes } = await import('../../steps/routes/list-routes.ts');
    await withToolkit(session, common, async (kit) => {
      const list = await listRoutes(kit, context);
      print(session.terminal, common.json, list, () => routesText(list));
    });
  });
  routes.addCommand(
    makeCommand({
      usage: 'explain <request>',
      summary: 'which route claims a request, why no other does, and who would answer it now',
      description:
        'Takes a request line as a client spells it, in quotation marks. Says its canonical path, or why\n' +
        'the spelling is refused; the route that claims it, and what speaks against the others; and,\n' +
        'from flags and control database, who would answer: owner, share of reads, pins, shadow.',
      examples: [
        "routes explain 'GET /api/products/7?full=1'",
        "routes explain 'GET /api/products' --header 'cookie: sid=5f3a'",
        "routes explain 'POST /api%2Fproducts' --json",
        "routes explain 'POST /graphql' --graphql '{ products { id } }'",
      ],
    })
      .option(
        '--header <header>',
        'a header of the request, "name: value"; may be given several times',
        (line: string, all: string[]) => [...all, line],
        new Array<string>(),
      )
      .option('--graphql <document>', 'what the request asks GraphQL for')
      .option('--operation <name>', 'which of several operations of that document is meant')
      .action(async (request: string, own: Explained, command: Command) => {
        // options that `routes` has as well are taken by it
        const common: CommonOptions = command.optsWithGlobals();
        const { header, graphql: document, operation } = own;
        if (operation !== undefined && document === undefined)
          throw new StranglerError(
            'USAGE',
            '--operation says which operation of --graphql is meant',
          );
        const asked = {
          ...requestLine(request),
          headers: headersOf(header),
          ...(document !== undefined && { graphql: { document, operation } }),
        };
        const { explainRoute } = await import('../../steps/routes/explain-route.ts');
        await withToolkit(session, common, async (kit) => {
          const explained = await explainRoute(kit, asked);
          print(session.terminal, common.json, explained, () => explanationText(explained));
        });
      }),
  );
  return routes.addCommand(discoverCommand(session));
}
