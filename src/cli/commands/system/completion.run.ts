import { homedir } from 'node:os';
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolders } from '../../../host/make-folders.ts';
import { withUserUmask } from '../../../host/umask.ts';
import { wrap } from '../../../lib/errors.ts';
import { join } from '../../../lib/paths.ts';
import { completionScript, shells, type Shell } from '../../completion-scripts.ts';
import { print, printLine } from '../../output.ts';
import type { Invocation } from '../../spec.ts';
import { UsageError } from '../../usage-error.ts';

export function run({ args, options }: Invocation): void {
  const shell = args[0] ?? '';
  if (shell === 'install') return install();
  if (!isShell(shell)) throw new UsageError(`unknown shell ${JSON.stringify(shell)}: want one of ${shells.join(', ')} or install`, 'skiff completion');
  const file = options['file'] as string | undefined;
  if (file === undefined) print(completionScript(shell));
  else write(file, completionScript(shell));
}

function isShell(text: string): text is Shell {
  return (shells as readonly string[]).includes(text);
}

/** Where each shell looks by itself in a home directory; zsh has no such place, so its users must name the folder in fpath. */
function install(): void {
  const home = process.env['HOME'] ?? homedir();
  const data = process.env['XDG_DATA_HOME'] ?? join(home, '.local', 'share');
  const config = process.env['XDG_CONFIG_HOME'] ?? join(home, '.config');
  const places: Readonly<Record<Shell, string>> = {
    bash: join(data, 'bash-completion', 'completions', 'skiff'),
    zsh: join(data, 'zsh', 'site-functions', '_skiff'),
    fish: join(config, 'fish', 'completions', 'skiff.fish'),
  };
  for (const shell of shells) {
    write(places[shell], completionScript(shell));
    printLine(places[shell]);
  }
  process.stderr.write(`zsh looks there after this line in ~/.zshrc, before compinit:\n  fpath=(${dirname(places.zsh)} $fpath)\n`);
}

function write(path: string, text: string): void {
  try {
    withUserUmask(() => {
      makeFolders(dirname(path));
      writeFileSync(path, text);
    });
  } catch (error) {
    throw wrap(error, `write completion "${path}"`);
  }
}
