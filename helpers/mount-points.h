/* The mount points of an init layer, what holds others first. GENERATED from src/storage/init-layer.ts by `npm run generate`; never edited by hand. */
#pragma once
#include <stddef.h>

struct mount_point {
  const char *path;
  enum { POINT_FOLDER, POINT_FILE, POINT_LINK } kind;
  const char *target; /* of a link */
};

static const struct mount_point mount_points[] = {
  {"dev", POINT_FOLDER, NULL},
  {"dev/pts", POINT_FOLDER, NULL},
  {"dev/shm", POINT_FOLDER, NULL},
  {"dev/console", POINT_FILE, NULL},
  {"proc", POINT_FOLDER, NULL},
  {"sys", POINT_FOLDER, NULL},
  {"etc", POINT_FOLDER, NULL},
  {"etc/hosts", POINT_FILE, NULL},
  {"etc/hostname", POINT_FILE, NULL},
  {"etc/resolv.conf", POINT_FILE, NULL},
  {"etc/mtab", POINT_LINK, "/proc/mounts"},
};
