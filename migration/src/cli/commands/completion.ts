import { Argument, Command } from 'commander';
import { completionScript, nextWords, type Shell, shells } from '../completion.ts';
import type { Session } from '../command.ts';

/** `program`: the command line that is completed, once all of it is there. */
export function completionCommand(session: Session, program: Command): Command {
  return new Command('completion')
    .summary('print a script that completes commands and options in your shell')
    .description('Prints a script that completes commands and options; it starts nothing.')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  $ strangler completion bash > ~/.local/share/bash-completion/completions/strangler
  $ strangler completion zsh >> ~/.zshrc
  $ strangler completion fish > ~/.config/fish/completions/strangler.fish`,
    )
    .action((shell: Shell) =>
      session.terminal.data(completionScript(shell, nextWords(program)).trimEnd()),
    );
}
