/**
 * The Model Context Protocol, stateless: each request is complete in itself, whichever revision of the protocol its client speaks.
 *
 *   POST -> the gate -> body of at most 64 KiB, one JSON object -> the protocol's own package -> tool -> Dispenser
 *
 * The package is loaded with the first request: it takes a third of a second and 30 MB, which a gateway without agents saves.
 */
import { Injectable } from '@nestjs/common';
import type * as Package from '@modelcontextprotocol/server';
import { logEvent } from '../log-events.js';
import { ApiError } from '../problem/api-error.js';
import { DrawTools } from './draw-tools.service.js';
import { ReportTools } from './report-tools.service.js';
import type { Components } from './report-tools.service.js';
import type { Arguments, Exchange, Tool } from './tool.js';

const INSTRUCTIONS =
  'Random numbers from quantum sources. Each byte is served once and counts against the quota of the API key, so draw what ' +
  'is needed and no more. Never use what a tool returns as a key or a password: what passed through a conversation is no ' +
  'secret.';

@Injectable()
export class McpService {
  #package: Promise<typeof Package> | undefined;
  #components: () => Components = () => ({});
  #all: readonly Tool[] | undefined;

  constructor(
    private readonly draws: DrawTools,
    private readonly reports: ReportTools,
  ) {}

  /** @param components gives the schemas of OpenAPI; asked for once, with the first request. */
  describeBy(components: () => Components): void {
    this.#components = components;
  }

  async answer(message: object, headers: Record<string, string>, exchange: Exchange): Promise<Response> {
    const sdk = await (this.#package ??= import('@modelcontextprotocol/server'));
    const handler = sdk.createMcpHandler(() => this.#server(sdk, exchange), { keepAliveMs: 0 });
    const request = new Request('http://gateway.invalid/mcp', {
      method: 'POST',
      headers,
      body: JSON.stringify(message),
    });
    return handler.fetch(request, { parsedBody: message });
  }

  #server(sdk: typeof Package, exchange: Exchange): Package.McpServer {
    const info = { name: 'qrng-dd', title: 'QRNG-DD', version: '1.0.0' };
    const server = new sdk.McpServer(info, { capabilities: { tools: {} }, instructions: INSTRUCTIONS });
    const tools = this.#toolsFor(exchange);
    // Its own way to register tools would compile the schemas of all of them for each request.
    server.server.setRequestHandler('tools/list', () => ({ tools: tools.map(described) }));
    server.server.setRequestHandler('tools/call', async ({ params: { name, arguments: given = {} } }) => {
      const tool = tools.find((known) => known.name === name);
      if (tool === undefined) {
        throw new sdk.ProtocolError(sdk.ProtocolErrorCode.InvalidParams, `This API key has no tool ${name}.`);
      }
      return call(tool, given, exchange);
    });
    return server;
  }

  /** The tools that the key of the client has a scope for. */
  #toolsFor({ request: { client } }: Exchange): Tool[] {
    this.#all ??= [...this.draws.tools, ...this.reports.tools(this.#components())];
    return this.#all.filter(
      ({ scopes }) => scopes.length === 0 || scopes.some((scope) => client?.scopes.includes(scope) === true),
    );
  }
}

function described({ name, title, description, inputSchema, outputSchema, draws }: Tool): Package.Tool {
  return {
    name,
    title,
    description,
    inputSchema,
    outputSchema,
    annotations: {
      readOnlyHint: !draws, // entropy is used up
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: false,
    },
  };
}

/** What a tool answers; what it is refused with is for the model to read. */
async function call(tool: Tool, given: Arguments, exchange: Exchange): Promise<Package.CallToolResult> {
  try {
    const structuredContent = { ...(await tool.call(given, exchange)) };
    return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      logEvent('error', 'internal-error', { requestId: exchange.request.id, err: error as Error });
      throw error;
    }
    const { detail, extras } = error;
    const again = extras.retryAfterSecs === undefined ? '' : ` Try again in ${extras.retryAfterSecs} s.`;
    return { content: [{ type: 'text', text: detail + again }], isError: true };
  }
}
