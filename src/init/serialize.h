/* SPDX-License-Identifier: MIT */
/*
 * serialize: telling a systemd that no longer reads RD_TIMESTAMP what the initrd's time was and that the root
 * is checked: the file of its own switch-root hand-over (systemd: src/core/manager-serialize.c).
 *
 * A wrong descriptor freezes systemd without a fallback; serialize_check() looks at all that it asks for.
 */
#pragma once

#include "init/run.h"

/* The text: the initrd's timestamp, then a block for the check of the root, if we made it, and for each of run->bars.
 * Allocated; NULL: no memory. */
char *serialize_text(const struct run *run);

/* A memfd that holds it, at offset 0, as descriptor `number`, open across exec. 0 or -errno. */
int serialize_open(const struct run *run, int number);

/* Is that descriptor what systemd needs: regular, readable and writable, not close-on-exec, at its start? */
bool serialize_check(int fd);
