/** One instruction of a Dockerfile with its continuation lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly args: ReadonlyMap<string, string>;
  readonly stages: readonly Stage[];
}

/** Reads as much of the language as the project's Dockerfile uses; anything else fails. */
export function parseDockerfile(text: string): Dockerfile {
  const args = new Map<string, string>();
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'ARG' && stages.length === 0) {
      const [key = '', value = ''] = rest.split('=', 2);
      args.set(key, value);
    } else if (name === 'FROM') {
      const [, from = '', stage = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      if (!stage) throw new Error(`a stage without a name: ${line}`);
      stages.push({
        name: stage,
        from: from.replace(/^\$\{(\w+)\}$/, (_all, key: string) => args.get(key) ?? ''),
        instructions: [],
      });
    } else if (
      ['ARG', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'CMD', 'ENTRYPOINT'].includes(name)
    ) {
      stages.at(-1)?.instructions.push({ name, text: rest });
    } else {
      throw new Error(`not understood: ${line}`);
    }
  }
  return { args, stages };
}

const escape = (text: string): string => text.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);

/** Which files `docker build` sends to the builder: the last pattern that fits a path or one of its folders decides. */
export function dockerignore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const pattern = line.replace(/^!/, '');
      const expression = escape(pattern)
        .replaceAll('**/', '(?:.*/)?')
        .replaceAll(/(?<![.)])\*/g, '[^/]*');
      return { sent: line.startsWith('!'), test: new RegExp(`^${expression}(/|$)`) };
    });
  return (path) => rules.findLast((rule) => rule.test.test(path))?.sent ?? true;
}
