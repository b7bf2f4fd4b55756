/** The manifests: valid against Kubernetes' own schemas, restricted, and a diode by their network policies. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { unreadFields } from './unread-fields.js';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Record<string, unknown>;
}

type Validate = (manifest: Manifest) => void;

const folder = 'deploy/kubernetes';
const files = readdirSync(folder).filter((name) => name !== 'kustomization.yaml');
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

describe('the diode', () => {
  test("lets nothing into the collector's namespace", () => {
    const { spec } = find('NetworkPolicy', 'diode', 'qrng-inside');
    expect(spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [] });
    expect(manifests.filter((one) => one.kind === 'NetworkPolicy')).toHaveLength(2);
    expect(
      manifests.filter((one) => one.kind === 'Service' && one.metadata.namespace === 'qrng-inside'),
    ).toEqual([]);
  });

  test("lets nothing out of the gateway's namespace but to Redis", () => {
    const { spec } = find('NetworkPolicy', 'diode', 'qrng-outside');
    expect(spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    expect(spec['egress']).toEqual([{ to: [expect.anything()], ports: [{ port: 6379, protocol: 'TCP' }] }]);
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
  expect(find('Service', 'qrng-gateway-push', 'qrng-outside').spec['publishNotReadyAddresses']).toBe(true);
});
