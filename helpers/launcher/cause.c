#define _GNU_SOURCE
#include "launcher.h"

#include "cleanup.h"
#include "die.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

void refuse(struct refusal *refusal, const char *code, char *message, char *hint)
{
  if (refusal->code) {
    free(message);
    free(hint);
    return;
  }
  *refusal = (struct refusal){code, message, hint};
}

/* Removes the line ends and the helper's own name from what it said. */
static const char *cause_of(char *said, const char *program)
{
  size_t length = strlen(said), name = strlen(program);
  while (length > 0 && said[length - 1] == '\n')
    said[--length] = '\0';
  return strncmp(said, program, name) == 0 && said[name] == ':' && said[name + 1] == ' ' ? said + name + 2 : said;
}

/* The package command of this distribution, by ID and ID_LIKE of os-release(5). */
static char *install_hint(const char *apt, const char *dnf, const char *zypper, const char *pacman, const char *apk)
{
  const struct {
    const char *id, *command, *package;
  } managers[] = {
    {"debian", "apt-get install", apt}, {"ubuntu", "apt-get install", apt}, {"fedora", "dnf install", dnf}, {"rhel", "dnf install", dnf},
    {"suse", "zypper install", zypper}, {"arch", "pacman -S", pacman}, {"alpine", "apk add", apk},
  };
  _cleanup_free_ char *text = read_file("/etc/os-release");
  char *rest = NULL;
  for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
    if (strncmp(line, "ID=", 3) == 0 || strncmp(line, "ID_LIKE=", 8) == 0)
      for (size_t i = 0; i < ARRAY_LENGTH(managers); i++)
        if (strstr(line, managers[i].id))
          return must_format("sudo %s %s", managers[i].command, managers[i].package);
  return must_format("install the package that has it (%s, %s)", apt, dnf);
}

/*
 * Ubuntu 23.10 and later: a program gets user namespaces by a profile for its path. The profile itself is helpers/apparmor/skiff
 * of this installation (we are helpers/bin/skiff of it).
 */
static char *apparmor_hint(void)
{
  _cleanup_free_ char *self = own_path();
  _cleanup_free_ char *folder = must_format("%s", self);
  for (int level = 0; level < 2; level++) {
    char *slash = strrchr(folder, '/');
    if (slash)
      *slash = '\0';
  }
  return must_format("give this program a profile:\n"
                     "sed 's|@SKIFF@|%s|' '%s/apparmor/skiff' | sudo tee /etc/apparmor.d/skiff >/dev/null && sudo apparmor_parser -r /etc/apparmor.d/skiff",
                     self, folder);
}

static bool in_seccomp_filter(void)
{
  _cleanup_free_ char *status = read_file("/proc/self/status");
  const char *line = status ? strstr(status, "\nSeccomp:") : NULL;
  return line && strtol(line + 9, NULL, 10) == 2;
}

static bool in_chroot(void)
{
  struct stat own, first;
  return stat("/", &own) == 0 && stat("/proc/1/root/.", &first) == 0 && (own.st_ino != first.st_ino || own.st_dev != first.st_dev);
}

void refuse_userns(struct refusal *refusal, int error, const char *operation)
{
  if (read_number("/proc/sys/user/max_user_namespaces", 1) == 0)
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: user namespaces are turned off (user.max_user_namespaces is 0)", operation),
           must_format("echo user.max_user_namespaces=65536 | sudo tee /etc/sysctl.d/90-skiff.conf && sudo sysctl --system"));
  else if (error == ENOSPC || error == EUSERS)
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: the limit of user namespaces is reached (user.max_user_namespaces, or 32 nested levels)", operation),
           must_format("sudo sysctl -w user.max_user_namespaces=65536"));
  else if (read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: user namespaces are for root only (kernel.unprivileged_userns_clone is 0)", operation),
           must_format("echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/90-skiff.conf && sudo sysctl --system"));
  else if ((error == EPERM || error == EACCES) && read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: AppArmor forbids user namespaces to programs without a profile", operation), apparmor_hint());
  else if (error == EPERM && in_seccomp_filter())
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: a seccomp filter forbids it; this seems to be inside a container or sandbox", operation),
           must_format("start the outer container with --security-opt seccomp=unconfined"));
  else if (error == EPERM && in_chroot())
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: the kernel makes no user namespaces in a chroot", operation),
           must_format("run skiff outside of the chroot, or enter the tree with pivot_root (bwrap, systemd-nspawn)"));
  else if (error == EINVAL || error == ENOSYS)
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: this kernel has no user namespaces (%s)", operation, strerror(error)),
           must_format("use a kernel built with CONFIG_USER_NS=y"));
  else if (error == EPERM)
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: %s", operation, strerror(error)), must_format("a chroot, a sandbox or a security module forbids it: run skiff outside of it"));
  else
    refuse(refusal, "USERNS_FORBIDDEN", must_format("%s: %s", operation, strerror(error)), must_format("skiff doctor"));
}

/* First id after all ranges that the file gives to anyone, at least 100000, where distributions begin. */
static unsigned long first_free_id(const char *path, unsigned long at_least)
{
  _cleanup_free_ char *text = read_file(path);
  char *rest = NULL;
  for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
    unsigned long start, count;
    const char *colon = strchr(line, ':');
    if (colon && sscanf(colon, ":%lu:%lu", &start, &count) == 2 && start + count > at_least)
      at_least = start + count;
  }
  return at_least;
}

char *hint_subordinate_ids(uid_t uid)
{
  _cleanup_free_ char *user = user_name(uid);
  if (!user)
    return must_format("give uid %u an entry in the user database, then subordinate ids", uid);
  unsigned long start = first_free_id("/etc/subgid", first_free_id("/etc/subuid", 100000)), end = start + 65535;
  return must_format("sudo usermod --add-subuids %lu-%lu --add-subgids %lu-%lu %s", start, end, start, end, user);
}

void refuse_idmap(struct refusal *refusal, const char *program, const char *path, const char *said)
{
  struct stat status;
  struct statvfs filesystem;
  if (!path) {
    refuse(refusal, "HELPER_MISSING", must_format("%s is not installed", program),
           install_hint("uidmap", "shadow-utils", "shadow", "shadow", "shadow-uidmap"));
    return;
  }
  /* Root needs no privileged helper. */
  bool privileged = getuid() == 0 ||
                    (stat(path, &status) == 0 && ((status.st_uid == 0 && (status.st_mode & S_ISUID)) || getxattr(path, "security.capability", NULL, 0) > 0));
  _cleanup_free_ char *text = must_format("%s", said);
  const char *cause = cause_of(text, program);
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
    refuse(refusal, "HELPER_FAILED", must_format("%s can't work here: this process may gain no privileges (no_new_privs): %s", program, cause),
           must_format("start skiff outside of that sandbox; in a systemd unit: NoNewPrivileges=no"));
  else if (!privileged)
    refuse(refusal, "HELPER_FAILED", must_format("\"%s\" is neither setuid root nor has file capabilities: %s", path, cause),
           must_format("sudo chown root:root %s && sudo chmod u+s %s", path, path));
  else if (statvfs(path, &filesystem) == 0 && (filesystem.f_flag & ST_NOSUID))
    refuse(refusal, "HELPER_FAILED", must_format("\"%s\" is on a filesystem mounted nosuid: %s", path, cause),
           must_format("mount that filesystem with the option suid"));
  else
    refuse(refusal, "HELPER_FAILED", must_format("%s: %s", program, cause),
           must_format("look at your lines in /etc/subuid and /etc/subgid; your primary group must be the current one"));
}
