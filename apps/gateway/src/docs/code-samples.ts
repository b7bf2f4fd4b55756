/** Code samples of an operation in three languages, as `x-codeSamples` of the document: Swagger UI here and Redoc show them. */

/** The query of the sample, where the defaults would show little. */
const QUERIES: Readonly<Record<string, string>> = {
  '/api/random': '?bytes=32',
  '/api/integers': '?count=5&min=1&max=6',
  '/api/floats': '?count=3',
  '/api/gaussians': '?count=3&mean=100&stddev=15',
  '/api/strings': '?length=20',
  '/api/permutation': '?n=10',
  '/api/stream': '?bytes=1048576',
};

const BODIES: Readonly<Record<string, string>> = {
  '/v1/entropy': '{"block_size":32,"block_count":2}',
};

/** The routes whose answer is bytes, which go to a file. */
const BINARY = ['/api/stream'];
const ANSWER_FILE = 'answer.bin';

interface CodeSample {
  readonly lang: string;
  readonly label: string;
  readonly source: string;
}

interface SampleRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  readonly binary: boolean;
}

/** The samples: a line for a shell and two whole programs. They use QRNG_URL and QRNG_API_KEY of the environment. */
export function codeSamples(method: string, path: string): CodeSample[] {
  const request = {
    method: method.toUpperCase(),
    path: path + (QUERIES[path] ?? ''),
    body: BODIES[path],
    binary: BINARY.includes(path),
  };
  return [
    { lang: 'Shell', label: 'curl', source: curl(request) },
    { lang: 'Python', label: 'Python', source: python(request) },
    { lang: 'JavaScript', label: 'JavaScript', source: javaScript(request) },
  ];
}

function curl({ path, body, binary }: SampleRequest): string {
  return [
    'curl -sS --cacert "$QRNG_CA_FILE" -H "Authorization: Bearer $QRNG_API_KEY"',
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json' -d '${body}'`]),
    ...(binary ? [`-o ${ANSWER_FILE}`] : []),
    `"$QRNG_URL${path}"`,
  ].join(' \\\n  ');
}

function python({ path, body, binary }: SampleRequest): string {
  const headers = ['"Authorization": "Bearer " + os.environ["QRNG_API_KEY"]'];
  if (body !== undefined) headers.push('"Content-Type": "application/json"');
  return [
    'import os, urllib.request',
    '',
    'request = urllib.request.Request(',
    `    os.environ["QRNG_URL"] + "${path}",`,
    `    headers={${headers.join(', ')}},`,
    ...(body === undefined ? [] : [`    data=b'${body}',`]),
    ')',
    'with urllib.request.urlopen(request) as answer:',
    binary ? `    open("${ANSWER_FILE}", "wb").write(answer.read())` : '    print(answer.read().decode())',
  ].join('\n');
}

function javaScript({ method, path, body, binary }: SampleRequest): string {
  const headers = ['Authorization: `Bearer ${process.env.QRNG_API_KEY}`'];
  if (body !== undefined) headers.push("'Content-Type': 'application/json'");
  return [
    ...(binary ? ["import { writeFileSync } from 'node:fs';", ''] : []),
    `const answer = await fetch(\`\${process.env.QRNG_URL}${path}\`, {`,
    ...(body === undefined ? [] : [`  method: '${method}',`]),
    `  headers: { ${headers.join(', ')} },`,
    ...(body === undefined ? [] : [`  body: '${body}',`]),
    '});',
    'if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);',
    binary
      ? `writeFileSync('${ANSWER_FILE}', Buffer.from(await answer.arrayBuffer()));`
      : 'console.log(await answer.text());',
  ].join('\n');
}
