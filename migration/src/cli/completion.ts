import type { Command } from 'commander';

/** What may come next, for every path of command words: `''` and `fence` and `fence install`. */
export type NextWords = ReadonlyMap<string, readonly string[]>;

export function nextWords(command: Command, path = ''): NextWords {
  const words = new Map<string, readonly string[]>([[path, wordsOf(command)]]);
  for (const child of command.commands)
    for (const entry of nextWords(child, `${path} ${child.name()}`.trim())) words.set(...entry);
  return words;
}

function wordsOf(command: Command): string[] {
  const options = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '');
  return [...command.commands.map((child) => child.name()), ...options, '--help'].filter(
    (word, index, all) => word !== '' && all.indexOf(word) === index,
  );
}

const pathsOf = (words: NextWords): string[] => [...words.keys()].filter((path) => path !== '');

/**
 * The longest command that the words typed so far begin with; a context's name between them does not end it. zsh reads it as
 * well: its `path` is where it looks for programs, and a letter after a colon is a modifier.
 */
const bash = (words: NextWords): string => `_strangler() {
  local typed="" word
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "\${typed:+$typed }$word" in
      ${pathsOf(words)
        .map((path) => `"${path}"`)
        .join(' | ')}) typed="\${typed:+$typed }$word" ;;
    esac
  done
  local next=""
  case "$typed" in
${[...words].map(([path, next]) => `    "${path}") next="${next.join(' ')}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _strangler strangler
`;

const fish = (words: NextWords): string => `function __strangler_path
  set -l path ''
  for word in (commandline -opc)[2..]
    set -l longer (string trim "$path $word")
    contains -- $longer ${pathsOf(words)
      .map((path) => `'${path}'`)
      .join(' ')}; and set path $longer
  end
  echo $path
end
${[...words]
  .map(
    ([path, next]) =>
      `complete -c strangler -n 'test (__strangler_path) = "${path}"' -a '${next.join(' ')}'`,
  )
  .join('\n')}
`;

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A script that the shell reads when it starts; from the table of commands, so it never names one that is not there. */
export function completionScript(shell: Shell, words: NextWords): string {
  if (shell === 'fish') return fish(words);
  return shell === 'zsh'
    ? `autoload -Uz +X compinit && compinit\nautoload -Uz +X bashcompinit && bashcompinit\n${bash(words)}`
    : bash(words);
}
