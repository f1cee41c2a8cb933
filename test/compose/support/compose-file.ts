import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

export interface Healthcheck {
  readonly test: readonly string[];
}

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: Healthcheck;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly logging?: {
    readonly driver: string;
    readonly options: Readonly<Record<string, string>>;
  };
}

export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** `NAME=value` lines; the last one of a name counts. */
export function parseEnvFile(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** The variables that a text reads, each once. */
export function variablesIn(text: string): string[] {
  return [
    ...new Set([...text.matchAll(/\$\{([A-Z0-9_]+)/g)].map((match) => match[1] ?? '')),
  ].sort();
}

/** `${NAME:?message}`, `${NAME:-default}` and `${NAME}` as Docker Compose reads them. */
export function interpolate(text: string, variables: Variables): string {
  return text.replaceAll(
    /\$\{([A-Z0-9_]+)(?::([?-])([^}]*))?\}/g,
    (_all, name: string, kind: string | undefined, rest = '') => {
      const value = variables[name];
      if (value !== undefined && value !== '') return value;
      if (kind === '?') throw new Error(`required variable ${name} is missing a value: ${rest}`);
      return kind === '-' ? rest : '';
    },
  );
}

function resolved(node: unknown, variables: Variables): unknown {
  if (typeof node === 'string') return interpolate(node, variables);
  if (Array.isArray(node)) return node.map((entry) => resolved(entry, variables));
  if (typeof node === 'object' && node !== null)
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, resolved(value, variables)]),
    );
  return node;
}

/** The file as Docker Compose sees it: anchors and merges carried out, variables replaced. */
export async function loadCompose(file: string, variables: Variables): Promise<ComposeFile> {
  return resolved(
    parse(await readFile(file, 'utf8'), { merge: true, maxAliasCount: -1 }),
    variables,
  ) as ComposeFile;
}
