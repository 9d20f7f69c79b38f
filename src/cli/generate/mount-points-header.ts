/** helpers/mount-points.h: what the launcher makes in an init layer. */
import { mountPoints } from '../../storage/init-layer.ts';

export function mountPointsHeader(): string {
  const lines = mountPoints.map(([path, what]) => {
    const target = what.kind === 'link' ? `, ${JSON.stringify(what.target)}` : ', NULL';
    return `  {${JSON.stringify(path)}, POINT_${what.kind.toUpperCase()}${target}},`;
  });
  return `/* The mount points of an init layer, what holds others first. GENERATED from src/storage/init-layer.ts by \`npm run generate\`; never edited by hand. */
#pragma once
#include <stddef.h>

struct mount_point {
  const char *path;
  enum { POINT_FOLDER, POINT_FILE, POINT_LINK } kind;
  const char *target; /* of a link */
};

static const struct mount_point mount_points[] = {
${lines.join('\n')}
};
`;
}
