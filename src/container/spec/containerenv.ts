/**
 * /run/.containerenv: by its presence programs know that they are in a container (toolbox, systemd's Podman detection, prompts);
 * its lines are filled for privileged containers only, as in Podman, since they tell about the host.
 */
import type { ContainerRecord } from '../model.ts';

export function containerenvText(record: ContainerRecord, version: string): string {
  if (!record.Skiff.privileged) return '';
  const fields: [string, string][] = [
    ['engine', `skiff-${version}`], ['name', record.Name.replace(/^\//, '')], ['id', record.ID], ['image', record.Skiff.imageName], ['imageid', record.Skiff.imageID],
  ];
  return `${fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join('\n')}\nrootless=1\n`;
}
