import { type CompiledRoute, StranglerError } from '@strangler-toolkit/plan';
import { z } from 'zod';
import type { AnswerFormRow } from '../../../control/index.ts';
import type { Recorded } from './recorded-answers.ts';

const formSchema = z.object({
  method: z.string(),
  query: z.array(z.string()),
  signedIn: z.array(z.string()),
  status: z.number(),
  contentType: z.string().optional(),
  redirects: z.boolean().optional(),
  body: z.string().optional(),
});

/** `id=17`. @throws StranglerError USAGE */
export const readParams = (options: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    options.map((text) => {
      const [, name, value] = /^([\w.[\]-]+)=(.+)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new StranglerError('USAGE', `--param ${text} names no value`, {
          remedy: "Write --param id=17, by the route's own name for it.",
        });
      return [name, value];
    }),
  );

/** Of something that is not there: of the kind of what is. */
function missing(value: string): string | undefined {
  if (/^\d+$/.test(value)) return '99999999';
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
    ? '00000000-0000-4000-8000-000000000000'
    : undefined;
}

/** What was asked, as far as it can be said again; else what has to be named. */
function targetOf(
  template: string,
  { query, status }: Pick<z.infer<typeof formSchema>, 'query' | 'status'>,
  params: ReadonlyMap<string, string>,
): { readonly target: string } | { readonly unknown: readonly string[] } {
  const words = template.split('/');
  const last = words.findLastIndex((word) => word.startsWith(':'));
  const unknown: string[] = [];
  const path = words.map((word, index) => {
    if (word === '**') unknown.push('what ** took');
    if (!word.startsWith(':')) return word;
    const name = word.slice(1);
    const value = params.get(name);
    const asked = status === 404 && index === last && value !== undefined ? missing(value) : value;
    if (asked === undefined) unknown.push(name);
    return encodeURIComponent(asked ?? '');
  });
  const asked = new URLSearchParams();
  for (const name of query) {
    const value = params.get(name);
    if (value === undefined) unknown.push(name);
    else asked.set(name, value);
  }
  if (unknown.length > 0) return { unknown };
  return { target: path.join('/') + (asked.size > 0 ? `?${asked.toString()}` : '') };
}

export interface ShadowAnswers {
  readonly routes: ReadonlyMap<CompiledRoute, readonly Recorded[]>;
  /** Forms that nothing can be drafted from. */
  readonly gaps: ReadonlyMap<CompiledRoute, readonly string[]>;
}

/** What facades kept of compared answers, as if somebody had recorded it: values made up, paths and queries as they are named here. */
export function shadowAnswers(
  routes: readonly CompiledRoute[],
  rows: readonly AnswerFormRow[],
  params: ReadonlyMap<string, string>,
): ShadowAnswers {
  const found = new Map<CompiledRoute, Recorded[]>();
  const gaps = new Map<CompiledRoute, string[]>();
  for (const route of routes) {
    const recorded: Recorded[] = [];
    const lacking = new Map<string, number>();
    for (const { detail } of rows.filter((row) => row.route === route.definition.name)) {
      const form = formSchema.safeParse(detail);
      if (!form.success) continue;
      const { method, status, contentType, redirects, body, signedIn } = form.data;
      const asked = targetOf(route.definition.path, form.data, params);
      if ('unknown' in asked) {
        const key = asked.unknown.join(', ');
        lacking.set(key, (lacking.get(key) ?? 0) + 1);
        continue;
      }
      recorded.push({
        method,
        target: asked.target,
        sent: signedIn,
        answer: {
          status,
          ...(contentType !== undefined && { contentType }),
          ...(redirects && { location: '/elsewhere' }),
          ...(body !== undefined && { body }),
        },
      });
    }
    found.set(route, recorded);
    gaps.set(
      route,
      [...lacking].map(
        ([names, count]) =>
          `${count} forms of answers are not drafted: the shadow keeps no values, --param names one (${names})`,
      ),
    );
  }
  return { routes: found, gaps };
}
