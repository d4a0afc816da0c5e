/* SPDX-License-Identifier: MIT */
/*
 * mounting: whether what /init may mount on this machine has options that are libmount's.
 *
 * What has none is mounted by mount(2) (base/mountopt.h), and libmount, which on Debian brings libselinux and libpcre2
 * along, 1.2 MB, has no use in the image.
 */
#pragma once

#include "image/config.h"

/*
 * Pure. Does a word of `text` that ends in "flags=" have such an option: rootflags=, mount.usrflags=, loopflags=,
 * img_flags=? `text` is a command line, or a file that one is written in, in whatever syntax. `*ret` is set where that
 * is so, else left alone. 0 or -ENOMEM.
 */
int mounting_ask_words(const char *text, bool *ret);

/* Pure. The same of the rows of / and /usr in the text of an fstab. */
int mounting_ask_fstab(const char *text, bool *ret);

/*
 * Both, of what is known of the next boot: this machine's command line, and the sysroot's files that the next one is
 * made of. What cannot be read is taken to have such an option. 0 or -ENOMEM.
 */
int mounting_ask(const struct config *c, bool *ret);
