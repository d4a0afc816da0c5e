/* SPDX-License-Identifier: MIT */
/*
 * crypt-option: the words of crypttab(5)'s fourth field, of systemd 257 and of Debian's cryptsetup 2.7.
 *
 * Each is a row: an option of cryptsetup, something that /init itself does, nothing in an initramfs, or not supported.
 */
#pragma once

#include "init/boot.h"

/* What `word` is as cryptsetup's option, NULL where it is none; its value, or NULL, goes to `*ret_value`. Borrowed. */
const char *crypt_option_for_cryptsetup(const char *word, const char **ret_value);

/*
 * Reads the words that concern /init into the fields of `v`. What is not understood, not supported or not known
 * becomes a warning of `b`. 0 or -ENOMEM.
 */
int crypt_options_read(struct boot *b, struct volume *v);
