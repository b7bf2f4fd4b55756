/**
 * Two QEMU guests on one `qrng feed --egd`: the kernel of each finds our bytes in /dev/hwrng, in the gateway's order, and no byte is in both
 * of them or in an answer of the API. Needs `npm run build`.
 * Emulated, since KVM within a virtual machine is not to be relied on; a boot takes some three seconds of processor time.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/programs.js';
import { startGateway, temporaryFolder } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { consumerEnvironment, QrngRun } from '../support/qrng-command.js';
import { guestKernel } from './guest-kernel.js';
import { initramfs } from './initramfs.js';

const QEMU = 'qemu-system-x86_64';
const READ_BYTES = 4096;
/** In the order in which they need each other. */
const MODULES = [
  'drivers/virtio/virtio_ring.ko',
  'drivers/virtio/virtio.ko',
  'drivers/virtio/virtio_pci_legacy_dev.ko',
  'drivers/virtio/virtio_pci_modern_dev.ko',
  'drivers/virtio/virtio_pci.ko',
  'drivers/char/hw_random/virtio-rng.ko',
];
const INIT = `#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t devtmpfs none /dev
$bb mount -t sysfs none /sys
${MODULES.map((path) => `$bb insmod /${path}`).join('\n')}
# Not to the console, where the kernel writes too.
exec >/dev/ttyS1
echo "SOURCE $($bb cat /sys/class/misc/hw_random/rng_current)"
echo "BYTES $($bb dd if=/dev/hwrng bs=64 count=${READ_BYTES / 64} 2>/dev/null | $bb base64 -w 0)"
$bb poweroff -f
`;

describeWith([QEMU, 'busybox', 'dpkg-deb'], 'guests', () => {
  const kernel = guestKernel();
  if (kernel === undefined && process.env['CI'] !== 'true') {
    // eslint-disable-next-line no-console -- so that nobody takes it for run
    console.warn('Not run: guests of QEMU, since apt-get has no linux-image-cloud-amd64');
    return;
  }
  const folder = temporaryFolder();
  const socket = join(folder, 'egd.sock');
  const entropy = randomBytes(1024 * 1024);
  let gateway: TestGateway;
  let feed: QrngRun;
  let guests: { readonly source: string; readonly bytes: Buffer }[];
  const answers: Buffer[] = [];

  /** Boots one, and returns what it read when it is down. */
  async function boot(name: string): Promise<{ readonly source: string; readonly bytes: Buffer }> {
    const report = join(folder, name);
    const machine = ['-accel', 'tcg', '-m', '256', '-nodefaults', '-nographic', '-no-reboot'];
    const system = ['-kernel', kernel?.image ?? '', '-initrd', join(folder, 'initramfs')];
    const serial = ['-append', 'console=ttyS0 panic=-1', '-serial', 'stdio', '-serial', `file:${report}`];
    const devices = [
      ...['-chardev', `socket,path=${socket},id=egd`, '-object', 'rng-egd,chardev=egd,id=rng'],
      ...['-device', 'virtio-rng-pci,rng=rng,max-bytes=65536,period=1000'],
    ];
    const child = spawn(QEMU, [...machine, ...system, ...serial, ...devices], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 170_000,
    });
    const console = await text(child.stdout);
    const found = /SOURCE (\S+)\s+BYTES (\S+)/.exec(readFileSync(report, 'utf8'));
    if (found === null) throw new Error(`the guest wrote no bytes:\n${console}`);
    return { source: found[1] ?? '', bytes: Buffer.from(found[2] ?? '', 'base64') };
  }

  beforeAll(async () => {
    const busybox = (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((path) => join(path, 'busybox'))
      .find(isThere);
    writeFileSync(
      join(folder, 'initramfs'),
      initramfs([
        { path: 'init', data: Buffer.from(INIT) },
        { path: 'bin/busybox', data: readFileSync(busybox ?? 'busybox') },
        { path: 'dev/.keep', data: Buffer.alloc(0) },
        { path: 'sys/.keep', data: Buffer.alloc(0) },
        ...MODULES.map((path) => ({ path, data: readFileSync(join(kernel?.modules ?? '', path)) })),
      ]),
    );
    gateway = await startGateway();
    await gateway.push(gateway.collector.seal(entropy));
    feed = new QrngRun(['feed', '--egd', socket, '--limit', '65536'], await consumerEnvironment(gateway));
    await feed.said('EGD socket');
    const asking = setInterval(() => {
      void gateway.get('/api/random?bytes=1024&encoding=binary').then(({ body }) => answers.push(body));
    }, 200);
    guests = await Promise.all(['one', 'two'].map(boot));
    clearInterval(asking);
  }, 180_000);
  afterAll(async () => {
    await feed.stop();
    await gateway.close();
  });

  test('take the device for their generator', () => {
    expect(guests.map(({ source }) => source)).toEqual(['virtio_rng.0', 'virtio_rng.0']);
  });

  test('read bytes of the gateway in its order; what is not there the kernel has taken for itself', () => {
    for (const { bytes } of guests) {
      expect(bytes).toHaveLength(READ_BYTES);
      const places = blocksOf(bytes).map((block) => entropy.indexOf(block));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });

  test('no byte is in two of them, or in an answer of the API', () => {
    const all = [...guests.map(({ bytes }) => bytes), ...answers].flatMap(blocksOf);
    const places = all.map((block) => entropy.indexOf(block)).sort((a, b) => a - b);
    expect(answers.length).toBeGreaterThan(2);
    places.forEach((at, i) => expect(at - (places[i - 1] ?? -BLOCK)).toBeGreaterThanOrEqual(BLOCK));
  });
});

/** A read of the guest's driver has 64 bytes, which are never cut. */
const BLOCK = 64;

function blocksOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / BLOCK }, (_, i) => bytes.subarray(i * BLOCK, (i + 1) * BLOCK));
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
