/** The port of deploy/nftables/*-udp.nft. */
export const RECEIVER_PORT = 7765;
