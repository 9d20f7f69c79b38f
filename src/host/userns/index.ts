/**
 * The user namespace, as text: what the kernel and the files of subordinate ids say. Pure. The namespace itself is made by
 * helpers/launcher.c before Node starts; how a container's ids map is container/spec/userns.ts.
 */

/** One line of /proc/PID/uid_map: `size` ids from `inside` on are `outside` in the parent namespace. */
export interface IDRange { inside: number; outside: number; size: number }

/** One grant of subuid(5): `count` ids from `start` on. */
export interface SubordinateRange { start: number; count: number }
