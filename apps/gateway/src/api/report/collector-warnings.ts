/** What is wrong with a collector, in words: from its packets, and from what it says of itself. */
import type { MixingTelemetry, SourceTelemetry, Telemetry } from '#libs/crypto';
import { LATCHED } from '../../collectors/collector-metrics.js';
import type { CollectorStatus, Trouble } from '../../collectors/collector-registry.js';

/** Without a packet for this long a collector is not there: it sends a heartbeat every 5 s unless set otherwise. */
export const SILENT_MS = 30_000;
/** For how long what happened once is worth a warning, and how long before the end a certificate is; as the alert rules. */
const LATELY_MS = 3_600_000;
const EXPIRES_SOON_MS = 14 * 86_400_000;

const TROUBLES: Readonly<Record<Trouble, (collector: string) => string>> = {
  clockSteps: (collector) =>
    `The clock of collector ${collector} went back or leapt within the last hour; what it held was dropped. Check its time service.`,
  logLinesLost: (collector) =>
    `Collector ${collector} dropped lines of its log within the last hour, because nothing reads them.`,
  lostOnTheWay: (collector) =>
    `Collector ${collector} lost bytes on their way to the gateway within the last hour; its log says why.`,
};

/** The warnings about one collector at `now` (Unix ms), the gravest first; none when all is well. */
export function collectorWarnings(status: CollectorStatus, now: number): string[] {
  const { collector, telemetry, lastPacketAt, troubleAt } = status;
  if (now - lastPacketAt > SILENT_MS) {
    return [`Collector ${collector} has sent nothing for ${Math.floor((now - lastPacketAt) / 1000)} s.`];
  }
  if (telemetry === undefined) return [];
  const troubles = (Object.keys(TROUBLES) as Trouble[]).filter(
    (trouble) => now - (troubleAt[trouble] ?? -Infinity) < LATELY_MS,
  );
  return [
    ...mixingWarnings(collector, telemetry.mixing),
    ...telemetry.sources.flatMap((source) => sourceWarnings(collector, source)),
    ...troubles.map((trouble) => TROUBLES[trouble](collector)),
    ...certificateWarnings(collector, telemetry, now),
  ];
}

function mixingWarnings(collector: string, mixing: MixingTelemetry | undefined): string[] {
  if (mixing === undefined || mixing.up) return [];
  const { state, sourcesUp, minimum } = mixing;
  if (state === LATCHED) {
    return [
      `Collector ${collector} passes nothing on: mixed blocks failed their health tests again and again. ` +
        'Find out how its sources depend on each other, then run "npm run sources -- release mixed" on its machine.',
    ];
  }
  return [
    sourcesUp < minimum
      ? `Collector ${collector} passes nothing on: ${sourcesUp} of its sources ${sourcesUp === 1 ? 'is' : 'are'} up, and QRNG_MIXING_MIN_SOURCES is ${minimum}.`
      : `Collector ${collector} passes nothing on: mixed blocks failed their health tests (${state}).`,
  ];
}

function sourceWarnings(collector: string, { name, up, state, lastError }: SourceTelemetry): string[] {
  if (up) return [];
  const why = lastError === undefined ? state : `${state}, ${lastError}`;
  const what = `Collector ${collector} does not use its source ${name} (${why})`;
  return state === LATCHED
    ? [`${what}. Find out why, then run "npm run sources -- release" on its machine.`]
    : [`${what}.`];
}

function certificateWarnings(
  collector: string,
  { sources, pushCertificateExpiresAt }: Telemetry,
  now: number,
): string[] {
  const certificates: [what: string, at: number | undefined][] = [
    [`The client certificate of collector ${collector}`, pushCertificateExpiresAt],
    ...sources.map(({ name, certificateExpiresAt }): [string, number | undefined] => [
      `The certificate of source ${name} of collector ${collector}`,
      certificateExpiresAt,
    ]),
  ];
  return certificates.flatMap(([what, at]) => {
    if (at === undefined || at - now >= EXPIRES_SOON_MS) return [];
    return [
      at <= now ? `${what} has expired.` : `${what} expires in ${Math.floor((at - now) / 86_400_000)} days.`,
    ];
  });
}
