import { spawn, type ChildProcess } from 'node:child_process';

// A server does not notice that the process that started it is gone. So the shell that becomes it
// (exec keeps the pid, which is $$) leaves a guard behind that reads from a pipe of which only the
// starting process holds the other end: end of file without a line means that it has vanished.
const guarded = `
programs=$1 ends_by=$2
shift 2
for each in $programs; do server=$(command -v "$each") && break; done
[ -n "$server" ] || exit 127
exec 3<&0
( read -r _ <&3 || { kill -"$ends_by" $$; kill -CONT $$; } ) >/dev/null 2>&1 &
exec "$server" "$@" </dev/null 3<&-
`;

export interface GuardedServer {
  /** The first of these that is there runs: paths, or names that are looked up on PATH. None: exit code 127. */
  programs: readonly string[];
  args: readonly string[];
  /** What makes it stop in good order. */
  endsBy: 'TERM' | 'INT';
  /** Its files beyond the first three, none of them at 3. */
  stdio?: ('ignore' | number)[];
  /** Another user's process, where ours may start one; it stands in the root folder. */
  user?: { uid: number; gid: number } | undefined;
}

/** A server that dies with this process. */
export function spawnGuarded({
  programs,
  args,
  endsBy,
  stdio = [],
  user,
}: GuardedServer): ChildProcess {
  return spawn('sh', ['-c', guarded, 'guarded', programs.join(' '), endsBy, ...args], {
    // A session of its own: Ctrl-C reaches the launcher only, which stops its servers last.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', ...stdio],
    ...(user && { ...user, cwd: '/' }),
  });
}

/** A line tells the guard that the server is gone: its pid may belong to another process by now. */
export function dismissGuard(child: ChildProcess): void {
  child.stdin?.end('gone\n');
}
