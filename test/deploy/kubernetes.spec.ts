/** The manifests: valid against Kubernetes' own schemas, restricted, and a diode by their network policies. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { chartDigest, KUBERNETES, rendered } from '../../scripts/render-kubernetes.js';
import { run } from '../support/programs.js';
import { unreadFields } from './unread-fields.js';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Record<string, unknown>;
}

type Validate = (manifest: Manifest) => void;

const folder = 'deploy/kubernetes';
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
/** For clusters of consumers, and so no part of the other ones. */
const FEED = 'deploy/kubernetes-feed.yaml';
const manifests = [...files.map((name) => `${folder}/${name}`), FEED].flatMap((path) =>
  parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  }),
);

function find(kind: string, name: string, namespace: string): Manifest {
  const found = manifests.find(
    (one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace,
  );
  if (found === undefined) throw new Error(`no ${kind} ${name} in ${namespace}`);
  return found;
}

/** The validator of a manifest's kind, compiled from the API server's OpenAPI schema; it throws. */
async function validatorOf({ apiVersion, kind }: Manifest): Promise<Validate> {
  const library = apiVersion.startsWith('monitoring.')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
  const models = (await import(`${library}/${apiVersion}`)) as Record<
    string,
    { prototype: { validate(): void } } | undefined
  >;
  const model = models[kind];
  if (model === undefined) throw new Error(`${apiVersion} has no ${kind}`);
  // Not through the constructor, which copies the manifest and so reads every field.
  return (manifest) => model.prototype.validate.call(manifest);
}

const titled = manifests.map(
  (one) => [`${one.kind} ${one.metadata.namespace ?? ''}/${one.metadata.name}`, one] as const,
);

describe.each(titled)('%s', (_title, manifest) => {
  test('holds the schema of its kind', async () => {
    const validate = await validatorOf(manifest);
    expect(() => validate(manifest)).not.toThrow();
  });

  test('has no field that the schema does not know', async () => {
    expect(unreadFields(manifest, await validatorOf(manifest))).toEqual([]);
  });
});

test('the schema check finds a wrong type, the field check a misspelt name', async () => {
  const manifest = find('PodDisruptionBudget', 'qrng-gateway', 'qrng-outside');
  const validate = await validatorOf(manifest);
  expect(() => validate({ ...manifest, spec: { selector: 'all' } })).toThrow(/selector must be object/);
  expect(unreadFields({ ...manifest, spec: { minAvailabel: 1 } }, validate)).toEqual(['spec.minAvailabel']);
});

test('kustomization.yaml names every file', () => {
  const { resources } = parse(readFileSync(`${folder}/kustomization.yaml`, 'utf8')) as {
    resources: string[];
  };
  expect([...resources].sort()).toEqual([...files].sort());
});

describe('the Helm chart', () => {
  test('is what deploy/kubernetes was rendered from last: else run npm run kubernetes', () => {
    expect(readFileSync(`${folder}/chart.sha256`, 'utf8').trim()).toBe(chartDigest());
  });

  test.each(['collector', 'gateway'] as const)('has the settings of the %s', (app) => {
    const { [app]: values } = parse(readFileSync('deploy/helm/values.yaml', 'utf8')) as Record<
      string,
      { settings: Record<string, string> }
    >;
    const lines = Object.entries(values?.settings ?? {}).map((pair) => pair.join('='));
    expect(readFileSync(`${folder}/${app}.env`, 'utf8').trim().split('\n')).toEqual(lines);
  });

  test.each(['collector', 'gateway'])('has no setting of the %s that its app does not know', (app) => {
    const example = readFileSync(`config/${app}.env.example`, 'utf8');
    const names = readFileSync(`${folder}/${app}.env`, 'utf8').match(/^QRNG_\w+/gm) ?? [];
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !example.includes(name.replace(/_FILE$/, '')))).toEqual([]);
  });

  test.each(['collector', 'gateway', 'redis'])(
    'has each file of %s in the secret that the document makes',
    (app) => {
      const document = readFileSync('docs/operations.md', 'utf8');
      const command = new RegExp(`^secret qrng-${app} ([^]*?[^\\\\])$`, 'm').exec(document)?.[1] ?? '';
      const made = [...command.matchAll(/--from-file=(?:\S+\/)?(\S+)/g)].map(([, name]) => name);
      const text = app === 'redis' ? 'redis.yaml' : `${app}.env`;
      const named = readFileSync(`${folder}/${text}`, 'utf8').matchAll(
        /\/etc\/(?:qrng-dd\/\w+|redis)\/([\w.-]+)/g,
      );
      const files = [...named].map(([, name]) => name);
      // Prometheus reads two of the gateway's.
      expect([...made].sort()).toEqual(
        [...new Set([...files, ...(app === 'gateway' ? ['gateway-ca.crt'] : [])])].sort(),
      );
    },
  );

  test('gives Redis the rights that a test has found to be enough', () => {
    const rights = /resetkeys ([^>"\n]+)/.exec(readFileSync('docs/scaling.md', 'utf8'))?.[1];
    expect(readFileSync('docs/operations.md', 'utf8').replaceAll('\\\n', '')).toContain(
      `resetkeys ${rights}`,
    );
  });

  test('has the version of the package, and no image without one', () => {
    const chart = parse(readFileSync('deploy/helm/Chart.yaml', 'utf8')) as Record<string, unknown>;
    expect([chart['version'], chart['appVersion']]).toEqual([packageJson.version, packageJson.version]);
    const images = manifests.flatMap(
      ({ spec }) => JSON.stringify(spec ?? {}).match(/"image":"[^"]+"/g) ?? [],
    );
    expect(images).toHaveLength(4);
    expect(images.filter((image) => !/:\d+\.\d+/.test(image))).toEqual([]);
  });
});

// With the programs of their Go modules, which Debian has not: helm.sh/helm/v3/cmd/helm, sigs.k8s.io/kustomize/kustomize/v5.
if (process.env['QRNG_TEST_HELM'] === 'yes') {
  const template = (...sets: string[]): Manifest[] => {
    const args = ['template', 'qrng-dd', 'deploy/helm', '--kube-version', KUBERNETES];
    const { status, output } = run('helm', ...args, ...sets.flatMap((set) => ['--set', set]));
    expect([status, output]).toEqual([0, expect.any(String)]);
    return parseAllDocuments(output).flatMap((one) =>
      one.contents === null ? [] : [one.toJS() as Manifest],
    );
  };

  describe('helm', () => {
    test('finds no fault in the chart', () => {
      const args = ['lint', '--strict', '--kube-version', KUBERNETES, 'deploy/helm'];
      expect(run('helm', ...args)).toMatchObject({
        status: 0,
        output: expect.stringContaining(' 0 chart(s) failed'),
      });
    });

    test('renders what deploy/kubernetes has, file by file', () => {
      for (const [name, text] of rendered()) {
        const kept = readFileSync(`${folder}/${name}`, 'utf8');
        if (name.endsWith('.yaml')) {
          const read = (yaml: string): unknown => parseAllDocuments(yaml).map((one) => one.toJS() as unknown);
          expect([name, read(text)]).toEqual([name, read(kept)]);
        } else expect([name, text]).toEqual([name, kept]);
      }
    });

    test.each([
      [[]],
      [['redis.enabled=false', 'gateway.replicas=1']],
      [['redis.enabled=false', 'redis.cidr=192.0.2.7/32']],
      [['collector.enabled=false']],
      [['gateway.enabled=false', 'redis.enabled=false']],
    ])('renders valid manifests with %j', async (sets) => {
      const all = template(...sets);
      expect(all.length).toBeGreaterThan(3);
      for (const manifest of all) {
        const validate = await validatorOf(manifest);
        expect(() => validate(manifest)).not.toThrow();
        expect(unreadFields(manifest, validate)).toEqual([]);
      }
    });

    test('marks the pods with a digest of their settings', () => {
      const mark = (...sets: string[]): unknown[] =>
        template(...sets).flatMap(({ spec }) => {
          const pod = spec?.['template'] as { metadata: { annotations?: object } } | undefined;
          return pod?.metadata.annotations === undefined ? [] : [pod.metadata.annotations];
        });
      const [collector, gateway, ...others] = mark();
      const [changed, same] = mark('collector.settings.QRNG_LOG_LEVEL=debug');
      expect([others, same]).toEqual([[], gateway]);
      expect(changed).not.toEqual(collector);
    });
  });

  test('kustomize builds, and names the settings by their hash', () => {
    const { status, output } = run('kustomize', 'build', folder);
    expect(status).toBe(0);
    for (const app of ['collector', 'gateway']) {
      expect(output.match(new RegExp(`name: qrng-${app}-[a-z0-9]{10}$`, 'gm'))).toHaveLength(2);
    }
  });
}

describe('the diode', () => {
  test("lets nothing into the collector's namespace", () => {
    const { spec } = find('NetworkPolicy', 'diode', 'qrng-inside');
    expect(spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [] });
    expect(manifests.filter((one) => one.kind === 'NetworkPolicy')).toHaveLength(3);
    expect(
      manifests.filter((one) => one.kind === 'Service' && one.metadata.namespace === 'qrng-inside'),
    ).toEqual([]);
  });

  test("lets nothing out of the gateway's namespace but to Redis", () => {
    const { spec } = find('NetworkPolicy', 'diode', 'qrng-outside');
    expect(spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    expect(spec?.['egress']).toEqual([{ to: [expect.anything()], ports: [{ port: 6379, protocol: 'TCP' }] }]);
  });

  test("lets only the gateways into the example's Redis, and nothing out of it", () => {
    const { spec } = find('NetworkPolicy', 'diode', 'qrng-redis');
    const from = [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'qrng-outside' } },
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'qrng-gateway' } },
      },
    ];
    expect(spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from, ports: [{ port: 6379, protocol: 'TCP' }] }],
      egress: [],
    });
  });

  test('keeps collector and gateway on different machines', () => {
    const { spec } = find('StatefulSet', 'qrng-collector', 'qrng-inside');
    expect(spec).toMatchObject({
      template: {
        spec: {
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { topologyKey: 'kubernetes.io/hostname', namespaces: ['qrng-outside'] },
              ],
            },
          },
        },
      },
    });
  });
});

const workloads = [
  ['collector', 'StatefulSet', 'qrng-inside'],
  ['gateway', 'StatefulSet', 'qrng-outside'],
  ['feed', 'DaemonSet', 'qrng-feed'],
  ['redis', 'StatefulSet', 'qrng-redis'],
] as const;

test.each(workloads)('the %s meets the restricted pod security standard', (app, kind, namespace) => {
  const { spec } = find(kind, `qrng-${app}`, namespace);
  expect(spec).toMatchObject({
    template: {
      spec: {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    },
  });
});

test('an empty gateway can be pushed to, though it is not ready', () => {
  expect(find('Service', 'qrng-gateway-push', 'qrng-outside').spec?.['publishNotReadyAddresses']).toBe(true);
});
