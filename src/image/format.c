/* SPDX-License-Identifier: MIT */
/* format: how the image is compressed: as it was asked for, if the kernel can unpack that. */
#include <errno.h>

#include "base/log.h"
#include "image/build.h"
#include "image/compress.h"

/*
 * Its every MB is copied by each boot, 1 to 2 ms: from 2, zstd's usual level, to 6 half a second of CPU takes a tenth
 * off, and the next tenth would take ten seconds. docs/performance.md has the figures.
 */
#define RESERVE_LEVEL 6

/* A kernel whose configuration is not known is trusted: what asks for a format knows why. */
static bool unpacks(const struct build *b, const struct compress_format *f)
{
	return !f->option || kernel_config_has(&b->kernel_config, f->option, true);
}

static int refuse(const struct build *b, const char *from)
{
	_cleanup_buffer_ struct buffer names = { 0 };

	for (const struct compress_format *f = compress_formats; f->name; f++) {
		if (!unpacks(b, f))
			continue;
		if ((names.size > 0 && buffer_append(&names, ", ", 2) < 0) ||
		    buffer_append(&names, f->name, strlen(f->name)) < 0)
			return -ENOMEM;
	}
	log_error("cannot use %s: kernel %s does not unpack %s (/%s has no %s); it unpacks %.*s", from,
		  b->config->kernel, b->format->name, b->kernel_config.path, b->format->option, (int)names.size,
		  names.data);
	return -EINVAL;
}

int format_choose(struct build *b)
{
	const struct config *c = b->config;
	const char *word = c->settings.compress ?: "auto";
	const struct compress_format *reserve = compress_find("zstd");
	int r = kernel_config_read(&c->sysroot, c->kernel, c->modules, &b->kernel_config);

	if (r < 0)
		return log_errno(r, "cannot read the configuration of kernel %s in %s", c->kernel, c->sysroot.path);
	b->systemd = c->settings.init == INIT_SYSTEMD;
	/* Only our own /init unpacks one. */
	b->reserve = !b->systemd && c->settings.reserve == RESERVE_YES;
	if (streq(word, "auto"))
		word = b->reserve ? "none" : "zstd";
	r = compress_parse(word, &b->format, &b->level);
	if (r < 0)
		return log_errno(r, "cannot compress with %s", word);
	/* Whoever wants an image small says so of all of it. */
	b->reserve_level = b->format == reserve && strchr(word, ':') ? b->level : RESERVE_LEVEL;
	if (unpacks(b, b->format))
		return 0;
	if (c->settings.compress_from)
		return refuse(b, c->settings.compress_from);
	/* Of the default nobody said that it must be this one. */
	for (b->format = compress_formats; !unpacks(b, b->format);)
		b->format++;
	b->level = b->format->usual;
	log_info("kernel %s does not unpack %s: compressing with %s", c->kernel, word, b->format->name);
	return 0;
}
