/** The OpenAPI document of the QRNG Open API alone, as any vendor's: what the gateway says of /v1, without what is its own. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { format } from 'prettier';
import { stringify } from 'yaml';
import { OpenApiModule } from '../../apps/gateway/src/open-api/open-api.module.js';

const DESCRIPTION = `The API of the QRNG industry: Palo Alto Networks with Anametric, ID Quantique, Qrypt, Quantinuum, Quantropi and
Quside, https://github.com/PaloAltoNetworks/QRNG-OPENAPI. The text of these authors is prose; this document says the same for
tools, and is generated from a server that implements it (QRNG-DD). Where the prose is silent, docs/qrng-open-api.md says what
was decided.`;

/** What the prose names, and what every server that knows tokens and limits answers. */
const ERRORS = {
  401: 'No valid token.',
  403: 'The token does not allow this.',
  422: 'A parameter of the request is missing or invalid.',
  429: 'Too many requests; Retry-After says when to try again.',
  503: 'The source of entropy is unavailable.',
};

interface Operation {
  responses: Record<string, object>;
  security?: object[];
  tags?: string[];
}

/** The document as YAML. */
export async function qrngOpenApi(app: NestFastifyApplication): Promise<string> {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('QRNG Open API')
    .setDescription(DESCRIPTION.replaceAll('\n', ' '))
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addTag('QRNG Open API', 'Capabilities, entropy, health tests')
    .addServer('https://{host}/v1', 'A server of any vendor', { host: { default: 'qrng.example.com' } })
    .addSecurity('bearer', { type: 'http', scheme: 'bearer' })
    .addSecurity('apiKey', { type: 'apiKey', in: 'header', name: 'X-API-KEY' })
    .addSecurity('clientCertificate', { type: 'mutualTLS' } as never)
    .build();
  const { paths, components, ...document } = SwaggerModule.createDocument(app, base, {
    include: [OpenApiModule],
  });
  const neutral = Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path.replace(/^\/v1/, ''),
      withoutOurs(item as Record<string, Operation>),
    ]),
  );
  const result = components?.schemas?.['TestResult'] as { properties: Record<string, object> };
  result.properties['test_result'] = { description: 'The value of the test, any JSON, such as 0.94.' };
  const yaml = stringify(
    { ...document, components, paths: neutral },
    {
      compat: 'yaml-1.1',
      aliasDuplicateObjects: false,
    },
  );
  return format(yaml, { parser: 'yaml', printWidth: 110, singleQuote: true });
}

/** Security without our scopes, and errors without our bodies. */
function withoutOurs(item: Record<string, Operation>): Record<string, Operation> {
  return Object.fromEntries(
    Object.entries(item).map(([method, operation]) => [
      method,
      {
        ...operation,
        tags: ['QRNG Open API'],
        security: [{ bearer: [] }, { apiKey: [] }, { clientCertificate: [] }],
        responses: {
          200: operation.responses['200'] ?? {},
          ...Object.fromEntries(
            Object.entries(ERRORS).map(([status, description]) => [status, { description }]),
          ),
        },
      },
    ]),
  );
}
