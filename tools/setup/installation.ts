/** What an installation consists of: the two hosts, their addresses, and who else they may talk to. */
import { isIP, isIPv6 } from 'node:net';
import { isCollectorId } from '#libs/crypto';
import { splitList } from '#libs/settings';
import { isFingerprint, isSourceUrl } from '#libs/quantis/settings';
import { CLIENT_NAME } from '../../apps/gateway/src/clients/api-key-entry.js';

export interface Installation {
  /** Name or address of the gateway, as the collector and the clients use it. */
  readonly gateway: string;
  readonly port: number;
  /** Further names and addresses that the gateway's certificate is for. */
  readonly names: readonly string[];
  readonly gatewayAddresses: readonly string[];
  readonly collectorHost: string;
  readonly collectorAddresses: readonly string[];
  readonly collectorId: string;
  /** URLs of the sources. */
  readonly appliances: readonly string[];
  readonly applianceFingerprints: readonly string[];
  readonly administrators: readonly string[];
  readonly logServers: readonly string[];
  readonly timeServers: readonly string[];
  /** The name of the first API key. */
  readonly client: string;
  /** Days for which certificates are valid. */
  readonly days: number;
}

/** The values as they were typed; what was not given is missing. */
export type Answers = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 7764;

/** An answer is missing or invalid; the message names the option. */
export class AnswerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AnswerError';
  }
}

interface Rule {
  readonly check: (text: string) => boolean;
  readonly mustBe: string;
  /** Whether it is a comma separated list, which may be empty. */
  readonly list?: boolean;
}

const GATEWAY = 'a host name or an IP address, with a port from 1 to 65535 if it has one';
const ADDRESSES = { check: isAddress, mustBe: 'an IP address', list: true };
const RANGES = { check: isRange, mustBe: 'an IP address or range, such as 192.0.2.0/24', list: true };
const RULES: Readonly<Record<string, Rule>> = {
  gateway: { check: (text) => hostAndPort(text) !== undefined, mustBe: GATEWAY },
  'gateway-address': ADDRESSES,
  san: { check: isHost, mustBe: 'a host name or an IP address', list: true },
  'collector-host': { check: isHost, mustBe: 'a host name or an IP address' },
  'collector-address': ADDRESSES,
  'collector-id': { check: isCollectorId, mustBe: '1 to 16 of a-z 0-9 -' },
  appliance: {
    check: isSourceUrl,
    mustBe: 'https://HOST/api/2.0/streambytes or file:///dev/NAME',
    list: true,
  },
  'appliance-fingerprint': { check: isFingerprint, mustBe: 'a SHA-256 fingerprint', list: true },
  administrators: RANGES,
  'log-servers': RANGES,
  'time-servers': RANGES,
  client: { check: (text) => CLIENT_NAME.test(text), mustBe: '1 to 64 of A-Z a-z 0-9 . _ -' },
  days: { check: (text) => /^[1-9]\d{0,3}$/.test(text), mustBe: 'a number of days from 1 to 9999' },
  out: { check: (text) => text !== '', mustBe: 'a folder' },
};

/** @throws {AnswerError} when the option may not have this text. */
export function checkAnswer(option: string, text: string): void {
  const rule = RULES[option];
  if (rule === undefined) return;
  for (const item of rule.list === true ? splitList(text) : [text]) {
    if (!rule.check(item)) {
      throw new AnswerError(`--${option} must be ${rule.mustBe}, not ${JSON.stringify(item)}`);
    }
  }
}

/** @throws {AnswerError} naming the option of the first answer that is missing or invalid. */
export function installationOf(answers: Answers): Installation {
  for (const [option, text] of Object.entries(answers)) if (text !== undefined) checkAnswer(option, text);
  const { host: gateway, port } = gatewayOf(required(answers, 'gateway'));
  const collectorHost = required(answers, 'collector-host');
  const list = (option: string): string[] => splitList(answers[option] ?? '');
  return {
    gateway,
    port,
    names: list('san'),
    gatewayAddresses: addresses(gateway, list('gateway-address')),
    collectorHost,
    collectorAddresses: addresses(collectorHost, list('collector-address')),
    collectorId: answers['collector-id'] ?? 'collector-1',
    appliances: list('appliance'),
    applianceFingerprints: list('appliance-fingerprint'),
    administrators: list('administrators'),
    logServers: list('log-servers'),
    timeServers: list('time-servers'),
    client: answers['client'] ?? 'first',
    days: Number(answers['days'] ?? '365'),
  };
}

function gatewayOf(text: string): { host: string; port: number } {
  const gateway = hostAndPort(text);
  if (gateway === undefined) throw new AnswerError(`--gateway must be ${GATEWAY}`);
  return gateway;
}

function required(answers: Answers, option: string): string {
  const text = answers[option];
  if (text === undefined) throw new AnswerError(`--${option} is missing`);
  return text;
}

/** `HOST`, `HOST:PORT`, `IPV6` or `[IPV6]:PORT`; undefined when it is none of them. */
function hostAndPort(text: string): { host: string; port: number } | undefined {
  const split = isIPv6(text) ? undefined : /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const host = split?.[1] ?? split?.[2] ?? text;
  const port = split?.[3] === undefined ? DEFAULT_PORT : Number(split[3]);
  return isHost(host) && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** The addresses given, and the host itself where it is one. */
function addresses(host: string, given: readonly string[]): string[] {
  return [...new Set(isIP(host) === 0 ? given : [host, ...given])];
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || (text.length <= 253 && text.split('.').every(isLabel) && !/^[\d.]+$/.test(text));
}

function isLabel(label: string): boolean {
  return /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(label);
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

function isRange(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
