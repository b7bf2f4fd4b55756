/** What a process under test has of the environment of its test: where programs are, and where Node keeps what it compiled. */
export function ownEnvironment(): Record<'PATH' | 'NODE_COMPILE_CACHE', string | undefined> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return { PATH, NODE_COMPILE_CACHE };
}
