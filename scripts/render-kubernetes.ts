/**
 * `npm run kubernetes`: renders deploy/kubernetes from the Helm chart, so that both are one. Needs helm; the settings become env files, of which kustomize
 * makes ConfigMaps with their hash in the name. A digest of the chart is written beside, by which a test without helm sees that nobody forgot this.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const CHART = 'deploy/helm';
/** The templates that plain manifests are made of. */
const TEMPLATES = ['collector', 'gateway', 'network-policies', 'redis'];
/** The oldest Kubernetes that the manifests are for. */
export const KUBERNETES = '1.30.0';

/** Each file of deploy/kubernetes that comes from the chart, with its text. */
export function rendered(): Map<string, string> {
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<
    'collector' | 'gateway',
    { readonly settings: Readonly<Record<string, string>> }
  >;
  const manifests = TEMPLATES.map((name) => [`${name}.yaml`, template(name)] as const);
  const settings = (['collector', 'gateway'] as const).map((app) => {
    const lines = Object.entries(values[app].settings).map(([name, value]) => `${name}=${value}\n`);
    return [`${app}.env`, lines.join('')] as const;
  });
  return new Map([...manifests, ...settings, ['chart.sha256', `${chartDigest()}\n`]]);
}

/** SHA-256 over the names and contents of the chart's files. */
export function chartDigest(): string {
  const files = readdirSync(CHART, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(yaml|tpl)$/.test(name),
  );
  const digest = createHash('sha256');
  for (const name of files.sort()) digest.update(`${name}\0${readFileSync(join(CHART, name), 'utf8')}\0`);
  return digest.digest('hex');
}

function template(name: string): string {
  const args = ['template', 'qrng-dd', CHART, '--kube-version', KUBERNETES, '--set', 'kustomize=true'];
  const text = execFileSync('helm', [...args, '--show-only', `templates/${name}.yaml`], { encoding: 'utf8' });
  return text.replace(/^---\n(?=# Source)/, '').replace(/^# Source: .*\n/gm, '');
}

if (import.meta.main) {
  mkdirSync('deploy/kubernetes', { recursive: true });
  for (const [name, text] of rendered()) writeFileSync(join('deploy/kubernetes', name), text);
}
