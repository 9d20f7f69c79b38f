/** Our place in the v2 tree, from the line "0::/path" of /proc/self/cgroup, see cgroups(7); undefined where there is none. */
export function ownCgroup(text: string): string | undefined {
  return /^0::(\/.*)$/m.exec(text)?.[1];
}
