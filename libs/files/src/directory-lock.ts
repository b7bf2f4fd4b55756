/**
 * Keeps a second process out of a directory.
 *
 * The locks are the operating system's: they end with the process however that ends, and hold between containers that share
 * a volume, where a file with a process id in it would do neither. There are two, because Node offers neither by itself:
 *
 *   of a file in it (fcntl, through SQLite)     everywhere; but who deletes the file lets another process in
 *   of the directory (flock, through flock(1))  cannot be deleted; where that program is missing, as in a minimal container,
 *                                               and on NFS there is the first alone
 *
 * Neither keeps anyone from putting another directory in this one's place, a copy of it for example: `loss` says what happened.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode } from './error-code.js';
import { isConfined } from './is-confined.js';
import { makeDirectory } from './make-directory.js';

const SQLITE_BUSY = 5;
/** Node's code for all that SQLite reports. */
const SQLITE_ERROR = 'ERR_SQLITE_ERROR';
const STDIN = 0;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;
/** What flock(1) is told to exit with when another process has the lock. */
const FLOCK_BUSY = 75;

/** The directory is in use by another process (`busy`), or cannot be written; `code` is the system's error code. */
export class DirectoryLockError extends Error {
  constructor(
    readonly busy: boolean,
    readonly code: string,
  ) {
    super(
      busy ? `another process uses the directory (${code})` : `the directory cannot be written (${code})`,
    );
    this.name = 'DirectoryLockError';
  }
}

export class DirectoryLock {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #name: string | undefined;
  readonly #file: string;
  readonly #fileName: string | undefined;
  #directory: LockedDirectory | undefined;

  /**
   * Makes the directory (mode 700) where it is missing, and locks it.
   *
   * @param file in it, to hold the lock.
   * @throws {DirectoryLockError} when another process holds the lock, or the directory cannot be written.
   */
  constructor(directory: string, file: string) {
    this.#path = directory;
    this.#file = file;
    try {
      makeDirectory(directory, 0o700);
      this.#database = new DatabaseSync(join(directory, file), { timeout: 0 });
      this.#database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
      this.#database.exec('PRAGMA user_version=1'); // never committed: a file that can only be read fails here
      this.#fileName = nameAt(join(directory, file));
    } catch (error) {
      const ofSqlite = errorCode(error) === SQLITE_ERROR && !isBusy(error);
      throw new DirectoryLockError(
        isBusy(error),
        (ofSqlite ? faultOf(join(directory, file)) : undefined) ?? errorCode(error),
      );
    }
    try {
      this.#directory = LockedDirectory.open(directory);
      this.#name = directoryAt(directory);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether `close` was not called yet. */
  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  /** Why another process may have the directory by now, as the end of a sentence that begins with it; undefined while none can. */
  get loss(): string | undefined {
    const name = directoryAt(this.#path);
    if (name === undefined || name !== this.#name) {
      return 'is not the directory any more that it was at the start: somebody moved or deleted that, or mounted another one over it';
    }
    if (LockedDirectory.isLocked(name) || nameAt(join(this.#path, this.#file)) === this.#fileName) {
      return undefined;
    }
    return `is not locked any more: somebody deleted ${this.#file} in it`;
  }

  close(): void {
    if (this.isOpen) this.#database.close();
    this.#directory?.close();
    this.#directory = undefined;
  }
}

/** A lock without a file: where flock(1) is missing there is none. */
export type OpenDirectoryLock = Pick<DirectoryLock, 'close'>;

/**
 * Locks a directory that is there, and leaves nothing in it.
 *
 * @throws {DirectoryLockError} when another process holds the lock, or this one does already; errors of the file system.
 */
export function lockOpenDirectory(path: string): OpenDirectoryLock {
  const lock = LockedDirectory.open(path);
  if (lock === undefined) throw new DirectoryLockError(true, 'EWOULDBLOCK');
  return lock;
}

/** The directory itself, opened and locked. */
class LockedDirectory {
  /** Those of this process, and whether flock(1) was there to lock them: it may lock two files in one directory, and would keep itself out. */
  static readonly #held = new Map<string, boolean>();

  private constructor(
    private readonly descriptor: number,
    private readonly name: string,
  ) {}

  /** Nothing when this process has it locked already. @throws {DirectoryLockError} when another one has. */
  static open(path: string): LockedDirectory | undefined {
    const descriptor = openSync(path, DIRECTORY);
    const name = nameOf(descriptor);
    const isMine = this.#held.has(name) || isStandardInput(name);
    const outcome = isMine ? undefined : lock(descriptor);
    if (outcome === 'locked' || outcome === 'impossible') {
      this.#held.set(name, outcome === 'locked');
      return new LockedDirectory(descriptor, name);
    }
    closeSync(descriptor);
    if (isMine) return undefined;
    throw new DirectoryLockError(true, 'EWOULDBLOCK');
  }

  /** Whether this process has the directory of this name locked. */
  static isLocked(name: string): boolean {
    return this.#held.get(name) === true || (isStandardInput(name) && isStandardInputLocked());
  }

  close(): void {
    LockedDirectory.#held.delete(this.name);
    closeSync(this.descriptor);
  }
}

/**
 * Locks the directory, made where it is missing, for the program that takes this process's place (execve): Node lets descriptors 0, 1
 * and 2 through, so the directory becomes its standard input. Without flock(1) it is not locked.
 *
 * @throws {DirectoryLockError} when another process has it locked, or it cannot be made.
 */
export function lockAsStandardInput(directory: string): void {
  try {
    makeDirectory(directory, 0o700);
    closeSync(STDIN);
    openSync(directory, DIRECTORY); // takes the lowest descriptor that is free
  } catch (error) {
    throw new DirectoryLockError(false, errorCode(error));
  }
  if (lock(STDIN) === 'busy') throw new DirectoryLockError(true, 'EWOULDBLOCK');
}

/** See `lockAsStandardInput`. */
function isStandardInput(name: string): boolean {
  return isConfined() && nameOf(STDIN) === name;
}

/** Whether flock(1) was there to lock it, before the program took this process's place. */
function isStandardInputLocked(): boolean {
  return /^lock:.* FLOCK /m.test(readFileSync(`/proc/self/fdinfo/${STDIN}`, 'utf8'));
}

/**
 * What distinguishes an open directory from others, as long as it is open. Not when it was made: where statx(2) is missing or kept out, Node
 * says instead when the directory changed last, which is with every file in it.
 */
function nameOf(descriptor: number): string {
  return named(fstatSync(descriptor, { bigint: true }));
}

/** The same of the directory at a path; undefined when there is none, or none that can be reached. */
function directoryAt(path: string): string | undefined {
  const stats = statsAt(path);
  return stats && named(stats);
}

/** What distinguishes the file at a path from others: of an inode number alone a new one may have the same, once the old one is gone. */
function nameAt(path: string): string | undefined {
  const stats = statsAt(path);
  return stats && `${named(stats)} ${stats.birthtimeNs}`;
}

function statsAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function named({ dev, ino }: BigIntStats): string {
  return `${dev} ${ino}`;
}

/** Locks the open directory, where that is possible. The lock belongs to the opening, which the child shares. */
function lock(directory: number): 'locked' | 'busy' | 'impossible' {
  if (isConfined()) return 'impossible'; // it can have no child
  const { status } = spawnSync('flock', ['--nonblock', '--conflict-exit-code', `${FLOCK_BUSY}`, '3'], {
    stdio: ['ignore', 'ignore', 'ignore', directory],
  });
  if (status === FLOCK_BUSY) return 'busy';
  return status === 0 ? 'locked' : 'impossible';
}

/** Why a file cannot be opened for writing, which SQLite keeps to itself; nothing when it can be. */
function faultOf(path: string): string | undefined {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, 0o600));
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
