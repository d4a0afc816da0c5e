/* SPDX-License-Identifier: MIT */
/*
 * stages: the rows of main's table, each in the file of its noun. A stage returns 0, or -errno after it has
 * logged the one error with reason and remedy.
 */
#pragma once

struct run;

int mount_api(struct run *run);      /* api.c */
int read_cmdline(struct run *run);   /* asked.c */
int load_modules(struct run *run);   /* load.c */
int resume(struct run *run);         /* resume.c */
int mount_root(struct run *run);     /* root.c */
int mount_usr(struct run *run);      /* usr.c */
int prepare_exitrd(struct run *run); /* exitrd.c; never fails the boot */
int check_init(struct run *run);     /* check.c */
int stop_daemons(struct run *run);   /* daemons.c */
int enter_sysroot(struct run *run);  /* switch_root.c; does not return */
