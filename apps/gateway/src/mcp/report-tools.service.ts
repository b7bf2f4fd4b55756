/** The tools that report: status, quality and usage, as the routes of the same names. They take no entropy. */
import { Inject, Injectable } from '@nestjs/common';
import { wholeNumber } from '../api/request/parameter.js';
import { NONE, Parameters } from '../api/request/parameters.js';
import { qualityReport } from '../api/report/quality-report.js';
import { StatusService } from '../api/report/status.service.js';
import { UsageService } from '../api/report/usage.service.js';
import { ReceivedQuality } from '../pool/received/received-quality.js';
import { RECEIPTS } from '../receipts/token.js';
import type { ReceiptKeeper } from '../receipts/token.js';
import { inputSchema, outputSchema } from './tool.js';
import type { Exchange, ObjectSchema, Tool } from './tool.js';

export type Components = Readonly<Record<string, object>>;

@Injectable()
export class ReportTools {
  constructor(
    private readonly status: StatusService,
    private readonly usage: UsageService,
    private readonly quality: ReceivedQuality,
    @Inject(RECEIPTS) private readonly receipts: ReceiptKeeper | undefined,
  ) {}

  /** @param components of the OpenAPI document: the tools answer with Status, Quality and Usage. */
  tools(components: Components): Tool[] {
    return [
      report(components, {
        name: 'get_status',
        title: 'Status of the gateway',
        description:
          'How full the pool is, whether it is fed, each source with its health tests, and warnings in words.',
        component: 'Status',
        scopes: ['status'],
        read: () => this.status.report(),
      }),
      report(components, {
        name: 'get_data_quality',
        title: 'Quality of the entropy',
        description: 'Statistics of recently received bytes with a verdict each. Takes no entropy.',
        component: 'Quality',
        scopes: ['random', 'status'],
        read: () => qualityReport(this.quality),
      }),
      report(components, {
        name: 'get_usage',
        title: 'Usage of this API key',
        description: 'Requests and bytes of this API key today, and what is left of its quota.',
        component: 'Usage',
        scopes: [],
        read: ({ request }) => this.usage.report(request),
      }),
      ...(this.receipts === undefined ? [] : [receiptTool(this.receipts)]),
    ];
  }
}

const RECEIPT = new Parameters({
  index: wholeNumber('The number in the QRNG-Receipt field of an answer.', {
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  }),
});

function receiptTool(receipts: ReceiptKeeper): Tool {
  return {
    name: 'get_receipt',
    title: 'Receipt of a draw',
    description:
      'The receipt of a draw that this API key made over HTTP with Prefer: receipt: a file that anybody verifies offline with ' +
      'qrng verify. Takes no entropy.',
    inputSchema: inputSchema(RECEIPT),
    outputSchema: outputSchema({ receipt: { type: 'string' } }),
    scopes: ['random'],
    draws: false,
    call: async (given, { request }) => {
      const { index } = RECEIPT.readMembers(given);
      return { receipt: await receipts.receipt(index, request.client?.name ?? '') };
    },
  };
}

type Report = Pick<Tool, 'name' | 'title' | 'description' | 'scopes'> & {
  readonly component: string;
  readonly read: (exchange: Exchange) => object | Promise<object>;
};

function report(components: Components, { component, read, ...tool }: Report): Tool {
  return {
    ...tool,
    inputSchema: inputSchema(NONE),
    outputSchema: standalone(components, component),
    draws: false,
    call: (given, exchange) => {
      NONE.readMembers(given);
      return read(exchange);
    },
  };
}

const POINTER = '#/components/schemas/';

/** The schema of a component, with those that it refers to. */
function standalone(components: Components, name: string): ObjectSchema {
  const needed = new Map<string, unknown>();
  const copy = (node: unknown): unknown =>
    JSON.parse(JSON.stringify(node), (key, value: unknown) => {
      if (key !== '$ref' || typeof value !== 'string' || !value.startsWith(POINTER)) return value;
      const referred = value.slice(POINTER.length);
      if (!needed.has(referred)) {
        needed.set(referred, {}); // one that refers to itself ends here
        needed.set(referred, copy(components[referred] ?? {}));
      }
      return `#/$defs/${referred}`;
    });
  const schema = copy(components[name] ?? {}) as object;
  return { ...schema, type: 'object', $defs: Object.fromEntries(needed) };
}
