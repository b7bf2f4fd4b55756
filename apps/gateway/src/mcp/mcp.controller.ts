/** `POST /mcp`: the Model Context Protocol, behind the same gate, limits and quotas as every route. */
import { Controller, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readBody } from '../api/request/request-body.js';
import { repeatedMember } from '../repeated-member.js';
import { GatewaySettings } from '../settings.js';
import { McpService } from './mcp.service.js';
import { mayCall } from './page-origin.js';

/** Enough for a choice among a thousand short items. */
const MAX_BODY_BYTES = 65_536;

/** Arguments of a tool are at the fourth level; what clients add of their own is rarely deeper. */
const MAX_DEPTH = 32;
/** The same; the package names each member that it does not take, which with five thousand of them holds the event loop up. */
const MAX_MEMBERS = 100;

const JSON_TYPE = 'application/json; charset=utf-8';

/** Errors of JSON-RPC 2.0 that are found before the protocol is asked. */
const ERRORS = {
  parse: { status: 400, code: -32_700, message: 'The body must be JSON.' },
  invalid: { status: 400, code: -32_600, message: 'Send one message at a time, a JSON object.' },
  repeated: { status: 400, code: -32_600, message: 'An object of the message names a member twice.' },
  deep: {
    status: 400,
    code: -32_600,
    message: `The message is nested deeper than ${MAX_DEPTH} levels.`,
  },
  broad: {
    status: 400,
    code: -32_600,
    message: `An object of the message has more than ${MAX_MEMBERS} members.`,
  },
  origin: { status: 403, code: -32_600, message: 'Pages of this origin may not call (QRNG_CORS_ORIGINS).' },
  stream: { status: 404, code: -32_601, message: 'There is nothing to listen for: nothing changes.' },
} as const;

type Fault = (typeof ERRORS)[keyof typeof ERRORS];

@ApiExcludeController()
@Controller('mcp')
export class McpController {
  constructor(
    private readonly mcp: McpService,
    private readonly settings: GatewaySettings,
  ) {}

  @Post()
  async post(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { message, fault } = read(await readBody(request, MAX_BODY_BYTES));
    const error = this.#isForeign(request) ? ERRORS.origin : fault;
    if (error !== undefined) {
      const { status, ...told } = error;
      const { id = null } = { ...(message as { id?: unknown }) };
      void reply.code(status).type(JSON_TYPE);
      void reply.send(JSON.stringify({ jsonrpc: '2.0', id, error: told }));
      return;
    }
    const answer = await this.mcp.answer(message as object, fields(request), { request, reply });
    const { type, body } = asJson(answer.headers.get('content-type'), await answer.text());
    void reply.code(answer.status);
    if (type !== null) void reply.type(type);
    void reply.send(body);
  }

  #isForeign({ headers: { origin }, host, protocol }: FastifyRequest): boolean {
    const called = { origin, host, isTls: protocol === 'https' };
    return !mayCall(called, this.settings.QRNG_CORS_ORIGINS ?? []);
  }
}

/**
 * To a client of 2025 the package answers with a stream of events, with header fields that say so. It holds one message, and such
 * a client must take that as JSON too, which every other one can read as well.
 */
function asJson(type: string | null, text: string): { type: string | null; body: string } {
  const messages = type?.startsWith('text/event-stream') === true ? [...text.matchAll(/^data: (.+)$/gm)] : [];
  const [[, message] = [], ...others] = messages;
  return message === undefined || others.length > 0
    ? { type, body: text }
    : { type: JSON_TYPE, body: message };
}

function read(body: Buffer): { message?: unknown; fault: Fault | undefined } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const message: unknown = JSON.parse(text);
    return { message, fault: repeatedMember(text) === undefined ? faultOf(message) : ERRORS.repeated };
  } catch {
    return { fault: ERRORS.parse };
  }
}

function faultOf(message: unknown): Fault | undefined {
  // A batch would be many calls for one request of the limits.
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return ERRORS.invalid;
  // The package goes through it by recursion.
  if (isDeeper(message, MAX_DEPTH)) return ERRORS.deep;
  if (isBroad(message)) return ERRORS.broad;
  // It would keep its connection forever, and a gateway has at most 5000.
  return 'method' in message && message.method === 'subscriptions/listen' ? ERRORS.stream : undefined;
}

/** Whether objects and lists are nested deeper than `levels`. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

/** Whether an object in it has too many members. */
function isBroad(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const members: unknown[] = Object.values(value);
  return (!Array.isArray(value) && members.length > MAX_MEMBERS) || members.some(isBroad);
}

/** The fields that the protocol knows; the key is no business of it. */
function fields({ headers }: FastifyRequest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && /^(accept|content-type|mcp-.*)$/.test(name) ? [[name, value]] : [],
    ),
  );
}
