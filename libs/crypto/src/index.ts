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
  PacketError,
  sealPacket,
} from './packet.js';
export type { Packet, PacketFields, PacketRefusal, PacketType } from './packet.js';
