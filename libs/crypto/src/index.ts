export { Keyring, MacKey } from './keyring.js';
export {
  HEADER_BYTES,
  isCollectorId,
  MAC_BYTES,
  MAX_ENTROPY_BYTES,
  MAX_HEARTBEAT_BYTES,
  MAX_PACKET_BYTES,
  MIN_PACKET_BYTES,
  openPacket,
  PACKET_OVERHEAD_BYTES,
  PacketError,
  packetPosition,
  sealPacket,
} from './packet.js';
export type { Packet, PacketFields, PacketRefusal, PacketType } from './packet.js';
export { decodeTelemetry, encodeTelemetry, LOSS_REASONS, MAX_SOURCES, TelemetryError } from './telemetry.js';
export type {
  LineageTelemetry,
  LossReason,
  MixingTelemetry,
  SourceTelemetry,
  Telemetry,
} from './telemetry.js';
