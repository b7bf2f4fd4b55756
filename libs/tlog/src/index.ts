/** Transparency logs in C2SP's formats: the tree, signed notes, checkpoints, tiles and proofs. */
export { canonicalJson } from './canonical-json.js';
export type { Json } from './canonical-json.js';
export { openCheckpoint, signCheckpoint } from './checkpoint.js';
export type { Checkpoint } from './checkpoint.js';
export {
  lineageGroups,
  lineageLeaf,
  lineageNote,
  lineagePath,
  lineageRoot,
  lineageSize,
  openLineage,
  packetDigest,
  signatureOf,
  signLineage,
} from './lineage.js';
export type { Lineage, LineageGroups } from './lineage.js';
export {
  consistencyPath,
  HASH_BYTES,
  inclusionPath,
  isConsistent,
  leafHash,
  subtreesOf,
  treeRoot,
} from './merkle.js';
export { formatProof, parseProof, ProofError, verifyProof } from './proof.js';
export type { Proof } from './proof.js';
export {
  encodeEntry,
  encodeExtra,
  MAX_PIECES,
  packetName,
  packetsOf,
  parseEntry,
  parsePacketProof,
  parseReceipt,
  proofJson,
  salted,
  SALT_BYTES,
  verifyPacket,
} from './receipt.js';
export type { PacketProof, Receipt, ReceiptEntry, ReceiptPiece, ReceiptSecrets } from './receipt.js';
export { NoteError, openNote, parseVerifierKey, signNote, verifierKey } from './signed-note.js';
export type { NoteKey } from './signed-note.js';
export { encodeEntries, parseTilePath, subtreeOfTile, TILE_WIDTH, tileOf, tilePath } from './tile.js';
