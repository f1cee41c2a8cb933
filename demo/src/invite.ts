import { Evidence } from './evidence.ts';
import { hintsAt } from './hints.ts';
import type { Screen } from './screen.ts';
import { settingsLines } from './settings.ts';
import type { Stack } from './stack/stack.ts';

/** Everything runs: where it is, and what to try now. */
export async function inviteToPlay(
  stack: Stack,
  screen: Screen,
  { settings, file }: { settings: Readonly<Record<string, string>>; file?: string | undefined },
): Promise<void> {
  const context = await new Evidence(stack.env.STRANGLER_CONTROL_URL ?? '').context('catalog');
  screen.chapter('Everything is running');
  screen.table([
    ['the shop', `${stack.facades[0]}/  (in a browser)`],
    ['facades', stack.facades.join('  ')],
    ['monolith', stack.env.MONOLITH_URL ?? ''],
    ['back office', `${stack.env.MONOLITH_URL}/admin  (demo1@shop.example, correct horse)`],
    ['catalog service', stack.env.CATALOG_URL ?? ''],
    ['Unleash', `${stack.unleash.ui}  (admin, unleash4all)`],
    ['logs', `${stack.folder.path}/logs`],
  ]);
  screen.line();
  if (file)
    screen.line(
      `  In another shell, \`set -a; . ${/^[./]/.test(file) ? file : `./${file}`}; set +a\` sets what follows (it is in ${file}):`,
    );
  else screen.line('  In another shell:');
  screen.line();
  screen.copied(['set -a', ...settingsLines(settings), 'set +a']);
  screen.line();
  screen.line(
    context ? `  The ${context.owner} owns the catalog, at stage ${context.stage}. Try:` : '  Try:',
  );
  screen.line();
  screen.copied(['curl -s "$FACADE/api/products?per_page=2"', ...hintsAt(context?.stage)]);
  screen.line();
  screen.line('  Ctrl-C ends it and removes everything.');
}
