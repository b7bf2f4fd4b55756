/**
 * Every bound on what somebody can take from the gateway without a key: memory, processor time, waiting. SECURITY.md has the
 * same table with the test of each bound, and a test compares the two.
 */
const KIB = 1024;
const MIB = 1024 * KIB;

export const BOUNDS = {
  /** Memory for the connections of all who have shown neither a key, a certificate nor a packet. */
  strangersBytes: 72 * MIB,
  /** Of that, the most for one network: an IPv4 /24, an IPv6 /48. */
  networkBytes: 9 * MIB,
  /** Memory for the connections of those who have. */
  knownBytes: 64 * MIB,
  /** What a connection costs, measured: accepted, and from its TLS handshake on. */
  connectionBytes: 8 * KIB,
  tlsBytes: 40 * KIB,
  /** What a request costs that waits for the answers before it on its connection. */
  waitingRequestBytes: 8 * KIB,
  /** Answers up to this size are in the cost of a connection; of a stranger, all of them together. */
  smallAnswerBytes: 16 * KIB,
  /** The most that the kernel holds of answers that a client does not read (Linux, tcp_wmem). */
  unreadBytes: 4 * MIB,
  /** A large answer to a stranger waits while its network has not as much room beside it, for newcomers. */
  spareBytes: 1 * MIB,
  /** Who has read this between two looks is not slow. */
  readBytes: 1 * KIB,
  /** What a stream can have waiting in a socket. */
  streamBytes: 96 * KIB,
  /** Slow connections of an address give way to new ones of it only after this time. */
  patienceMs: 1000,

  /** Processor time in one turn of the event loop for those who have shown nothing, in units of about 0.1 ms. */
  turnUnits: 32,
  handshakeUnits: 8,
  requestUnits: 1,
  /** Of a large answer, what costs one unit more. */
  unitBytes: 128 * KIB,

  /** A TLS handshake, from the connection on. */
  handshakeMs: 5000,
  /** The head of a request; a whole request; silence between two requests. */
  headersMs: 5000,
  requestMs: 10_000,
  keepAliveMs: 15_000,
  /** An answer of which the client reads nothing. */
  unreadMs: 30_000,

  /** The request line and the header fields together. */
  headerBytes: 8 * KIB,
  /** The header of the PROXY protocol. */
  proxyHeaderBytes: 4 * KIB,
  /** The body of a request, but for /push. */
  bodyBytes: 1 * KIB,
  /** The body of a push has this time, and one second more for each `bodyBytesPerSecond`. */
  bodyGraceMs: 5000,
  bodyBytesPerSecond: 16 * KIB,
  /** The memory that a body takes before its first byte is there; it grows fourfold as bytes arrive. */
  firstBodyBytes: 16 * KIB,

  /** Lines of the audit trail for one event: of one source, one site, all newcomers and all known sources (event-limit.ts). */
  auditLinesOfSource: 10,
  auditLinesOfSite: 250,
  auditLinesOfNewcomers: 2000,
  auditLinesOfKnown: 100,

  /** Streams of one API key; one from which nothing was read, or could be, for a while ends. */
  streamsOfKey: 16,
  streamStallMs: 30_000,

  /** Requests under way on one connection; requests that a connection is used for. */
  requestsAtATime: 64,
  requestsPerConnection: 1000,
  /** Connections that wait in the kernel to be accepted: while it is full, everybody's are dropped, and come again after 1 s. */
  backlog: 4096,
  /** Sockets that the process holds at a time, whatever they cost. */
  sockets: 16_384,
} as const;

/** Collectors that are remembered: more than an installation has, as a key holder could make up names without end. */
export const MAX_COLLECTORS = 256;
