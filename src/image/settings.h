/* SPDX-License-Identifier: MIT */
/*
 * settings: what slipway.conf(5) and the command line want in an image.
 *
 * A key is a row of the table in settings.c; its value lands in the field of its name here, and where it was
 * asked for ("/etc/slipway.conf:3", "--modules") in NAME_from: beside a single value as a string, NULL for the
 * default; beside a list as a strv with an entry for each word.
 */
#pragma once

#include "image/sysroot.h"

enum image_mode { MODE_GENERIC, MODE_HOST };
enum image_init { INIT_SLIPWAY, INIT_SYSTEMD };
enum choice { CHOICE_AUTO, CHOICE_YES, CHOICE_NO };
enum reserve { RESERVE_YES, RESERVE_NO };
enum archives { ARCHIVES_NO, ARCHIVES_YES };
enum microcode { MICROCODE_AUTO, MICROCODE_ALL, MICROCODE_HOST, MICROCODE_NONE };

struct settings {
	enum image_mode mode;
	enum image_init init;
	enum choice firmware;
	enum reserve reserve;
	enum archives archives;
	enum microcode microcode;
	char *compress; /* "auto", "zstd", "zstd:19" …; never NULL after settings_read() */
	char *keymap;   /* "auto", "no", or a name; likewise */

	/* strv. Modules by name or alias, or, with a slash, by the beginning of their paths below the kernel's
	 * directory. */
	char **modules, **omit_modules, **force_modules;
	char **files;   /* strv: absolute paths of the sysroot, taken to the same place */
	char **install; /* strv of pairs: an absolute path of the host, then one in the image */

	char *mode_from, *init_from, *firmware_from, *microcode_from, *compress_from, *reserve_from, *keymap_from;
	char *archives_from;
	char **modules_from, **omit_modules_from, **force_modules_from, **files_from, **install_from;
};

/* The command line's: each is a text as it could stand in a file. NULL where it says nothing. */
struct settings_options {
	const char *config;                                 /* --config: this file in place of the sysroot's */
	const char *mode, *init, *firmware, *microcode, *compress, *reserve, *keymap, *archives; /* borrowed */
	char **modules, **omit_modules, **force_modules, **files, **install; /* strv, owned: one for each time */
};

/*
 * The defaults, then /usr/lib/slipway.conf.d/NAME.conf, /etc/slipway.conf and /etc/slipway.conf.d/NAME.conf of
 * the sysroot, then `options`, into `ret`, which the caller frees after a failure too. The one error is
 * logged: -EINVAL for what cannot be meant, else what reading says.
 */
int settings_read(const struct sysroot *s, const struct settings_options *options, struct settings *ret);

/* The lines of one file; `name` stands in messages. Adds to what `s` has. As settings_read(). */
int settings_parse(const char *text, size_t size, const char *name, struct settings *s);

/* The command line's words: single values replace, lists grow. As settings_read(). */
int settings_apply(const struct settings_options *options, struct settings *s);

/* One "KEY = VALUE" or, with `append`, "KEY += VALUE", asked for at `where`. As settings_read(). */
int settings_set(struct settings *s, const char *key, const char *value, bool append, const char *where);

/* Who asked, for messages: "modules (/etc/slipway.conf:3)", or "--modules". The caller frees; NULL: out of memory. */
char *settings_asked(const char *key, const char *from);

/*
 * The same as a node's reason: "asked for: modules (slipway.conf:3)". An image must not tell in which directory it
 * was built.
 */
char *settings_reason(const char *key, const char *from);

/* All of it as slipway.conf(5) to standard output, with a comment that says where each value comes from. 0 or -errno.
 */
int settings_print(const struct settings *s);

void settings_free(struct settings *s);
void settings_options_free(struct settings_options *o);

#define _cleanup_settings_ _cleanup_(settings_free)
