#pragma once

/* Tells whoever kept our stderr of what failed after the container's end. It ends nothing. `error` is an errno. */
void warn(const char *operation, const char *argument, int error);
