import type { Condition } from './conditions.ts';

export interface HeaderLines {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The values of each line; `headers` joins those of one name. */
  readonly headersDistinct?: Readonly<Record<string, readonly string[] | undefined>>;
}
/** What conditions look at, as it came. */
export interface Particulars {
  /** With or without its port. */
  readonly host: string | undefined;
  /** With its question mark. */
  readonly search: string;
  readonly lines: HeaderLines;
}

/** A request's value for a condition; undefined: it has none. */
export type ReadValue = (condition: Pick<Condition, 'of' | 'name'>) => string | undefined;

/** One way in which servers read what conditions ask for. */
export interface ValueReading {
  readonly read: ReadValue;
  /** What allows this way; empty of the plain one. */
  readonly because: string;
}

interface Values {
  /** By the very name, in the order in which they came. */
  readonly exact: readonly string[];
  /** Also by what some servers take for the same name. */
  readonly loose: readonly string[];
}

const hostName = (host: string | undefined): readonly string[] => {
  const bare = host?.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  return bare ? [bare] : [];
};

/** CGI, WSGI, Rack and PHP read `X_Tenant` as `X-Tenant`. */
function headerValues(name: string, { headers, headersDistinct }: HeaderLines): Values {
  const of = (key: string): readonly string[] => {
    const found = headersDistinct?.[key] ?? headers[key] ?? [];
    return typeof found === 'string' ? [found] : found;
  };
  const spelt = Object.keys(headers).filter(
    (key) => key !== name && key.includes('_') && key.replaceAll('_', '-') === name,
  );
  return { exact: of(name), loose: [...spelt.flatMap(of), ...of(name)] };
}

/** Some servers also part at `;`, take names in any case, or `name[]` for `name`. */
function queryValues(name: string, search: string): Values {
  const pairs = [...new URLSearchParams(search.replaceAll(';', '&'))];
  const like = name.toLowerCase();
  const alike = pairs.filter(([key]) => key.toLowerCase().replace(/\[\d*\]$/, '') === like);
  return {
    exact: new URLSearchParams(search).getAll(name),
    loose: alike.map(([, value]) => value),
  };
}

const twice = (what: string): string => `the ${what} comes more than once`;
const ways: readonly {
  readonly pick: (values: Values) => string | undefined;
  readonly because: (what: string) => string;
}[] = [
  { pick: ({ exact }) => exact[0], because: () => '' },
  { pick: ({ exact }) => exact.at(-1), because: twice },
  { pick: ({ exact }) => (exact.length > 1 ? exact.join(', ') : exact[0]), because: twice },
  { pick: ({ loose }) => loose[0], because: (what) => `the ${what} is spelt in another way` },
  { pick: ({ loose }) => loose.at(-1), because: (what) => `the ${what} is spelt in another way` },
];

/**
 * What servers make of the values that conditions ask for. Nearly every request has one reading; one whose parameter comes
 * twice, or by a name that only some servers take for the same, has more.
 */
export function valueReadings(
  asked: readonly Pick<Condition, 'of' | 'name'>[],
  particulars: Particulars,
): readonly ValueReading[] {
  const found = asked.map(({ of, name }) => {
    const host = hostName(particulars.host);
    const values = {
      host: (): Values => ({ exact: host, loose: host }),
      header: () => headerValues(name, particulars.lines),
      query: () => queryValues(name, particulars.search),
    }[of]();
    return { of, name, read: ways.map(({ pick }) => pick(values)) };
  });
  return ways.flatMap(({ because }, way) => {
    const other = found.find(({ read }) => read[way] !== read[0]);
    if (way > 0 && !other) return [];
    return {
      read: ({ of, name }) => found.find((one) => one.of === of && one.name === name)?.read[way],
      because: other
        ? because(`${other.of === 'header' ? 'header' : 'query parameter'} ${other.name}`)
        : '',
    };
  });
}
