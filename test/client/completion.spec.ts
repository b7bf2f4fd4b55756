/** What a shell offers after TAB, in real shells. Needs `npm run build`. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { describeWith } from '../support/programs.js';
import { temporaryFolder } from '../support/gateway.js';
import type { Environment } from '../support/gateway.js';
import { QRNG } from '../support/qrng-command.js';

const folder = temporaryFolder();
writeFileSync(join(folder, 'entropy.fifo'), '');

const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['qrng by', ['bytes']],
  ['qrng p', ['permutation', 'password']],
  ['qrng integers --m', ['--min', '--max', '--mix']],
  ['qrng bytes --encoding b', ['base64', 'base64url', 'binary']],
  ['qrng uuid --version ', ['4', '7']],
  ['qrng completion f', ['fish']],
  ['qrng feed --fifo ent', ['entropy.fifo']],
  ['qrng feed --k', ['--kernel']],
];

function script(shell: string): string {
  const path = join(folder, `_qrng.${shell}`);
  writeFileSync(path, execFileSync(process.execPath, [QRNG, 'completion', shell]));
  return path;
}

/** Words that a shell printed, one a line, without descriptions. */
function words(shell: string, args: readonly string[], env: Environment = {}): string[] {
  const output = execFileSync(shell, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 25_000,
    env: { PATH: process.env['PATH'], TERM: 'dumb', ...env },
  });
  const found = output.split('\n').map((line) => line.trim().split('\t')[0] ?? '');
  return found.filter((word) => word !== '');
}

describe('bash', () => {
  const path = script('bash');
  test.each(CASES)('%s', (line, expected) => {
    const typed = line.split(' ');
    const run = `. '${path}'; COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${typed.length - 1};
      _qrng; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(words('bash', ['--norc', '-c', run]).sort()).toEqual([...expected].sort());
  });
});

describeWith(['fish'], 'fish', () => {
  const path = script('fish');
  test.each(CASES)('%s', (line, expected) => {
    const run = `source '${path}'; complete -C '${line}'`;
    expect(words('fish', ['--no-config', '-c', run]).sort()).toEqual([...expected].sort());
  });
});

describeWith(['zsh'], 'zsh', () => {
  // A shell on a terminal of its own; compadd, which every completion ends in, notes what matches. Ctrl-K ends the shell.
  writeFileSync(
    join(folder, '.zshrc'),
    `autoload -Uz compinit; compinit -D -u; . '${script('zsh')}'
    compadd() {
      local -a matches
      if [[ " $* " != *' -'[AOD]' '* ]]; then
        builtin compadd -O matches "$@"
        print -rl -- $matches >> $MATCHES
      fi
      builtin compadd "$@"
    }
    bindkey '^I' complete-word; quit() { exit }; zle -N quit; bindkey '^K' quit`,
  );
  test.each(CASES)('%s', (line, expected) => {
    const run = `zmodload zsh/zpty; zpty shell zsh -i; zpty -w -n shell $'${line}\\t\\v'
      while zpty -r shell; do :; done >/dev/null; sort -u $MATCHES`;
    const matches = join(folder, 'matches');
    writeFileSync(matches, '');
    const env = { ZDOTDIR: folder, MATCHES: matches };
    expect(words('zsh', ['-f', '-c', run], env).sort()).toEqual([...expected].sort());
  });
});
