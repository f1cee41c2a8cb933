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
  /** Headers that whoever answers does not get from this client; names in lower case. */
  readonly withheld?: ((name: string) => boolean) | undefined;
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
  /** The same before a fragment, where there is one. */
  readonly bare?: readonly string[];
  /** Of a header that the request calls its connection's own: proxies leave it out. */
  readonly ownOfConnection?: boolean;
}

const hostName = (host: string | undefined): readonly string[] => {
  const bare = host?.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  return bare ? [bare] : [];
};

const joined = (value: string | readonly string[] | undefined = ''): string =>
  typeof value === 'string' ? value : value.join(',');
const namedIn = (list: string, name: string): boolean =>
  list.split(',').some((one) => one.trim().toLowerCase() === name);

/** CGI, WSGI, Rack and PHP read `X_Tenant` as `X-Tenant`. */
function headerValues(name: string, { lines, withheld }: Particulars): Values {
  if (withheld?.(name) === true) return { exact: [], loose: [] };
  const { headers, headersDistinct } = lines;
  const of = (key: string): readonly string[] => {
    // nobody sent a `constructor`, which every object has
    const lines = [headersDistinct, headers].find((all) => all && Object.hasOwn(all, key));
    const found = lines?.[key] ?? [];
    return typeof found === 'string' ? [found] : found;
  };
  const spelt = Object.keys(headers).filter(
    (key) => key !== name && key.includes('_') && key.replaceAll('_', '-') === name,
  );
  const ownOfConnection = namedIn(joined(headers.connection), name);
  return { exact: of(name), loose: [...spelt.flatMap(of), ...of(name)], ownOfConnection };
}

interface Pair {
  readonly name: string;
  /** What some servers take it for: PHP makes `_` of what a variable's name cannot have. */
  readonly taken: readonly string[];
  readonly value: string;
}
const pairsOf = (search: string): readonly Pair[] =>
  [...new URLSearchParams(search)].map(([name, value]) => {
    const like = name.toLowerCase().replace(/\[\d*\]$/, '');
    return { name, value, taken: [like, like.trimStart().replaceAll(/[ .[]/g, '_')] };
  });

/**
 * Some servers also part at `;`, take names in any case, or `name[]` for `name`, and stop at a fragment. Read once: a long query
 * times many conditions would be an attack.
 */
function queryReader(search: string): (name: string) => Values {
  const plain = pairsOf(search);
  const parted = search.includes(';') ? pairsOf(search.replaceAll(';', '&')) : plain;
  const [before = ''] = search.split('#', 1);
  const bare = before === search ? undefined : pairsOf(before.replaceAll(';', '&'));
  return (name) => {
    const like = name.toLowerCase();
    const alike = (pairs: readonly Pair[]): string[] =>
      pairs.filter(({ taken }) => taken.includes(like)).map(({ value }) => value);
    const exact = plain.filter((pair) => pair.name === name).map(({ value }) => value);
    return { exact, loose: alike(parted), ...(bare && { bare: alike(bare) }) };
  };
}

const twice = (what: string): string => `the ${what} comes more than once`;
const otherwise = (what: string): string => `the ${what} is spelt in another way`;
const leftOut = (what: string): string => `the ${what} is named by Connection`;
const fragment = (): string => 'the request target has a fragment';
const ways: readonly {
  readonly pick: (values: Values) => string | undefined;
  readonly because: (what: string) => string;
}[] = [
  { pick: ({ exact }) => exact[0], because: () => '' },
  { pick: ({ exact }) => exact.at(-1), because: twice },
  { pick: ({ exact }) => (exact.length > 1 ? exact.join(', ') : exact[0]), because: twice },
  { pick: ({ loose }) => loose[0], because: otherwise },
  { pick: ({ loose }) => loose.at(-1), because: otherwise },
  // a fragment cuts off the end of the last
  { pick: ({ exact, bare }) => (bare ? bare.at(-1) : exact[0]), because: fragment },
  {
    pick: ({ exact, ownOfConnection }) => (ownOfConnection === true ? undefined : exact[0]),
    because: leftOut,
  },
];

/**
 * What servers make of the values that conditions ask for. Nearly every request has one reading; one whose parameter comes
 * twice, or by a name that only some servers take for the same, has more. A server may take the first of two headers and the
 * last of two parameters.
 */
export function valueReadings(
  asked: readonly Pick<Condition, 'of' | 'name'>[],
  particulars: Particulars,
): readonly ValueReading[] {
  const host = hostName(particulars.host);
  let query: ReturnType<typeof queryReader> | undefined;
  const found = asked.map(({ of, name }) => {
    const values = {
      host: (): Values => ({ exact: host, loose: host }),
      header: () => headerValues(name, particulars),
      query: () => (query ??= queryReader(particulars.search))(name),
    }[of]();
    return { of, name, read: ways.map(({ pick }) => pick(values)) };
  });
  const waysOf = (kind: 'header' | 'query', what: string) =>
    ways.flatMap(({ because }, way) => {
      const other = found.find(({ of, read }) => of === kind && read[way] !== read[0]);
      if (way > 0 && !other) return [];
      return { way, because: other ? because(`${what} ${other.name}`) : '' };
    });
  const parameters = waysOf('query', 'query parameter');
  return waysOf('header', 'header').flatMap((header) =>
    parameters.map((parameter) => ({
      read: ({ of, name }) =>
        found.find((one) => one.of === of && one.name === name)?.read[
          of === 'query' ? parameter.way : header.way
        ],
      because: header.because || parameter.because,
    })),
  );
}
