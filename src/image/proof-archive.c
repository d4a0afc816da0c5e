/* SPDX-License-Identifier: MIT */
/* proof-archive: the kernel can unpack the file, and finds in it what it looks for before it does. */
#include <ctype.h>
#include <errno.h>

#include "base/log.h"
#include "base/strv.h"
#include "image/kernel-config.h"
#include "image/proof.h"

/* CONFIG_RD_ZSTD for "zstd": usr/Kconfig. */
static int check_format(struct proof *p, const struct kernel_config *config, const char *name)
{
	_cleanup_free_ char *option = NULL;

	if (streq(name, "cpio"))
		return 0;
	if (asprintf(&option, "CONFIG_RD_%s", name) < 0)
		return -ENOMEM;
	for (char *c = option; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (kernel_config_has(config, option, true))
		return 0;
	return fatal(p, "cannot unpack the image: it is compressed with %s, and kernel %s is built without %s (%s)",
		     name, p->kernel, option, config->path);
}

static int check_formats(struct proof *p, const struct kernel_config *config)
{
	char *const *formats = p->subject->formats;
	size_t before = proof_failures(p);
	int r = 0;

	if (!kernel_config_has(config, "CONFIG_BLK_DEV_INITRD", true))
		return fatal(p, "cannot unpack the image: kernel %s is built without CONFIG_BLK_DEV_INITRD (%s)",
			     p->kernel, config->path);
	STRV_FOREACH(name, formats)
		if (r == 0)
			r = check_format(p, config, *name);
	if (r < 0 || proof_failures(p) > before)
		return r;
	return proved(p, "kernel %s can unpack %s (%s)", p->kernel, formats[strv_length(formats) - 1], config->path);
}

int prove_format(struct proof *p)
{
	const struct subject *s = p->subject;
	_cleanup_(kernel_config_free) struct kernel_config config = { 0 };
	int r = 0;

	if (!s->formats)
		return skipped(p, "the build has chosen it by what the kernel can unpack");
	if (p->kernel && s->sysroot && s->modules)
		r = kernel_config_read(s->sysroot, p->kernel, s->modules, &config);
	if (r < 0)
		return log_errno(r, "cannot read the configuration of kernel %s in %s", p->kernel, s->sysroot->path);
	if (!config.text)
		return skipped(p, "no configuration of the kernel is there to say what it can unpack");
	return check_formats(p, &config);
}

/* Read before anything is unpacked: arch/x86/kernel/cpu/microcode/core.c, lib/earlycpio.c. */
int prove_microcode(struct proof *p)
{
	if (p->subject->late_microcode)
		return doubt(
			p,
			"cannot load microcode early: kernel/x86/microcode of the image is in or behind a compressed "
			"archive, where the kernel does not look");
	if (!tree_lookup(p->subject->tree, "kernel/x86/microcode"))
		return skipped(p, "there is no microcode in the image");
	return proved(p, "the microcode lies uncompressed in front");
}
