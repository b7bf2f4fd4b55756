/** The documents: what they name is there, be it a file, a heading, a command, a setting or a metric. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import packageJson from '../package.json' with { type: 'json' };

const read = (file: string): string => readFileSync(file, 'utf8');
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'clients/*/*.md']);
const SOURCES = globSync('{apps,libs,tools,clients,scripts,test,config,deploy}/**/*.{ts,js,yaml,example}')
  .filter((file) => !file.includes('/dist/'))
  .map(read)
  .join('\n');
/** Of the Rust predecessor, which docs/migration.md compares with. */
const FOREIGN = ['QRNG_MAX_RETRIES', 'QRNG_RATE_LIMIT_PER_SECOND'];

/** The headings of a document, as links name them. */
function anchors(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Each different match of the first group of `pattern`. */
function named(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
}

test('every npm script is in a document', () => {
  const text = DOCUMENTS.map(read).join('\n');
  const missing = Object.keys(packageJson.scripts).filter(
    (name) => !new RegExp(`npm (run )?${name}\\b|qrng-dd ${name}\\b`).test(text),
  );
  expect(missing).toEqual([]);
});

describe.each(DOCUMENTS)('%s', (file) => {
  const text = read(file);

  test('links to files and headings that are there', () => {
    const broken = named(text, /\]\((?!https?:|mailto:)([^)\s]+)\)/g).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : normalize(join(dirname(file), path));
      return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test('names commands, settings and metrics that there are', () => {
    const commands = named(text, /npm run (?:--silent )?([a-z:]*[a-z])/g);
    expect(commands.filter((name) => !(name in packageJson.scripts))).toEqual([]);
    const names = named(text, /\b(QRNG_[A-Z0-9_]*[A-Z0-9]|qrng_[a-z_]*[a-z])\b/g);
    expect(names.filter((name) => !SOURCES.includes(name) && !FOREIGN.includes(name))).toEqual([]);
  });
});
