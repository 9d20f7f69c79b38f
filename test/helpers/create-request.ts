/** A request for a container with nothing wished for, to be filled by tests. */
import type { CreateRequest } from '../../src/container/create-request.ts';

export function emptyRequest(wishes: Partial<CreateRequest> = {}): CreateRequest {
  return {
    image: 'i', command: [], createCommand: ['skiff', 'create', 'i'], replace: false, notify: false, defaultEnv: [], env: [], envMerge: [], passwd: true, hostUsers: [], unsetEnv: [], unsetEnvAll: false, labels: {}, annotations: {},
    terminal: false, interactive: false, stdinOnce: false, mounts: [], defaultMounts: [], volumesFrom: [], imageVolumes: 'anonymous', readOnly: false, readOnlyTmpfs: true,
    network: { kind: 'none' }, ports: [], publishAll: false, expose: [], addHosts: [], noHosts: false, dns: [], dnsSearch: [], dnsOptions: [],
    pid: { kind: 'private' }, ipc: { kind: 'private' }, uts: { kind: 'private' }, cgroupns: { kind: 'private' }, userns: { kind: 'default' },
    capAdd: [], capDrop: [], privileged: false, securityOpt: [], groupAdd: [], devices: [], ulimits: [], sysctls: {}, limits: {},
    init: false, cgroups: 'enabled', autoRemove: false, removeImage: false, restart: { policy: 'no', maxRetries: 0 }, logDriver: 'json-file', logOptions: {}, runtime: '',
    ...wishes,
  };
}
