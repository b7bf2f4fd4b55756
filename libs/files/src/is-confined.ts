/** Whether Node's permission model is on in this process (apps/collector/src/confine.ts): it has no children and no fsync then. */
export function isConfined(): boolean {
  // Its type says that it is always there; it is where the model is on.
  return (process.permission as NodeJS.ProcessPermission | undefined) !== undefined;
}
