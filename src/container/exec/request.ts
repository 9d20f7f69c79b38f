/** One more process in a running container. */
import type { ContainerID } from '../../oci/ids.ts';

export interface ExecRequest {
  id: ContainerID;
  command: readonly string[];
  /** "K=V", over the container's own. */
  env: readonly string[];
  /** Undefined: the container's. */
  user?: string;
  workdir?: string;
  terminal: boolean;
  interactive: boolean;
  privileged: boolean;
}
