/* SPDX-License-Identifier: MIT */
/*
 * microcode: the pass that puts the processors' updates in front of the image, where the kernel looks for them before
 * it does anything else (Documentation/arch/x86/microcode.rst).
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/build.h"
#include "image/content.h"
#include "image/cpu.h"
#include "image/decompress.h"
#include "image/elf.h"
#include "image/intel-ucode.h"

#define FILE_MAX (64 << 20)

struct collector {
	const struct build *build;
	const struct cpus *cpus; /* whose updates; NULL: everybody's */
	struct buffer bytes;
	size_t files;
};

struct vendor {
	const char *directory, *path;
	/* Is it a file of the vendor's that one of the processors may want? */
	bool (*is_wanted)(const char *name, const struct cpus *cpus);
	/* Appends what is for them. -EBADMSG: damaged. */
	int (*take)(struct collector *c, const void *data, size_t size);
};

static void collector_free(struct collector *c)
{
	buffer_free(&c->bytes);
}

/* "06-8e-0a"; Debian has ".initramfs" behind those that are not to be loaded later than by the kernel itself. */
static bool intel_is_wanted(const char *name, const struct cpus *cpus)
{
	unsigned int family, model, stepping;
	int end = 0;

	if (sscanf(name, "%2x-%2x-%2x%n", &family, &model, &stepping, &end) != 3 || end != 8 ||
	    (name[8] && name[8] != '.'))
		return false;
	for (size_t i = 0; cpus && i < cpus->n; i++)
		if (cpus->items[i].intel && cpus->items[i].family == family && cpus->items[i].model == model &&
		    cpus->items[i].stepping == stepping)
			return true;
	return !cpus;
}

static bool fits_any(const struct intel_update *u, const struct cpus *cpus)
{
	for (size_t i = 0; cpus && i < cpus->n; i++)
		if (cpus->items[i].intel && intel_fits(u, cpu_signature(&cpus->items[i]), cpus->platform_flags))
			return true;
	return !cpus;
}

static int intel_take(struct collector *c, const void *data, size_t size)
{
	struct intel_update u;
	size_t at = 0, before = c->bytes.size;
	int r;

	while ((r = intel_next(data, size, &at, &u)) == 1) {
		r = fits_any(&u, c->cpus) ? buffer_append(&c->bytes, u.data, u.size) : 0;
		if (r < 0)
			return r;
	}
	if (r < 0)
		c->bytes.size = before; /* nothing of a file that is damaged */
	return r;
}

/* One file for each family, and one for all of those before the 15h that came first. */
static bool amd_is_wanted(const char *name, const struct cpus *cpus)
{
	const char *rest = startswith(name, "microcode_amd");
	unsigned int family = 0;

	if (!rest || (*rest != '.' && sscanf(rest, "_fam%2xh.", &family) != 1) || strstr(rest, ".asc"))
		return false;
	for (size_t i = 0; cpus && i < cpus->n; i++)
		if (cpus->items[i].amd && (family ? cpus->items[i].family == family : cpus->items[i].family < 0x15))
			return true;
	return !cpus;
}

/* A container, whole: the kernel finds by its table what is for which processor. */
static int amd_take(struct collector *c, const void *data, size_t size)
{
	if (size < 12 || memcmp(data, "DMA\0", 4) != 0)
		return -EBADMSG;
	return buffer_append(&c->bytes, data, size);
}

static const struct vendor vendors[] = {
	{ "lib/firmware/intel-ucode", "kernel/x86/microcode/GenuineIntel.bin", intel_is_wanted, intel_take },
	{ "lib/firmware/amd-ucode", "kernel/x86/microcode/AuthenticAMD.bin", amd_is_wanted, amd_take },
};

/* Where all firmware is compressed, so is this; the kernel takes it only as it is. */
static int take_content(struct collector *c, const struct vendor *v, const struct content *content)
{
	struct decompressed d = { 0 };
	int r;

	if (!decompress_format(content->data, content->size))
		return v->take(c, content->data, content->size);
	r = decompress(content->data, content->size, FILE_MAX, &d);
	if (r == 0)
		r = v->take(c, d.data, d.size);
	free(d.data);
	return r;
}

static int take_file(struct collector *c, const struct vendor *v, const char *name)
{
	const struct sysroot *s = &c->build->config->sysroot;
	_cleanup_content_ struct content content = { 0 };
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (asprintf(&path, "%s/%s", v->directory, name) < 0)
		return -ENOMEM;
	fd = sysroot_open_file(s, path, O_RDONLY);
	r = fd < 0 ? fd : content_open_fd(fd, &content);
	if (r < 0)
		return log_errno(r, "cannot read /%s of %s", path, s->path);
	r = take_content(c, v, &content);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		log_warning("cannot use /%s of %s: no microcode, or damaged, ignoring", path, s->path);
	else
		c->files++;
	return 0;
}

static int add_vendor(struct build *b, const struct vendor *v, const struct cpus *cpus, size_t *files)
{
	_cleanup_(collector_free) struct collector c = { .build = b, .cpus = cpus };
	_cleanup_strv_ char **names = NULL;
	int r = sysroot_list(&b->config->sysroot, v->directory, "", &names);

	if (r < 0)
		return log_errno(r, "cannot list /%s of %s", v->directory, b->config->sysroot.path);
	STRV_FOREACH(name, names)
		if (r == 0 && v->is_wanted(*name, cpus))
			r = take_file(&c, v, *name);
	if (r < 0 || c.bytes.size == 0)
		return r;
	*files += c.files;
	log_debug("/%s: %zu bytes of %zu files", v->path, c.bytes.size, c.files);
	return tree_add(&b->tree,
			&(struct tree_node){ .path = v->path,
					     .mode = S_IFREG | 0644,
					     .flags = TREE_DATA,
					     .segment = SEGMENT_EARLY,
					     .bytes = c.bytes.data,
					     .size = c.bytes.size,
					     .reason = "the kernel loads it into the processor first" },
			NULL);
}

/* /init says which machine the image is for. */
static bool is_x86(const struct build *b)
{
	const struct tree_node *init = tree_find(&b->tree, "init");
	_cleanup_content_ struct content content = { 0 };
	struct elf elf;

	return init && content_open(init, &content) == 0 && elf_open(content.data, content.size, &elf) == 0 &&
	       (elf.machine == EM_X86_64 || elf.machine == EM_386);
}

int microcode_add(struct build *b)
{
	const struct settings *s = &b->config->settings;
	bool host = s->microcode == MICROCODE_HOST || (s->microcode == MICROCODE_AUTO && b->config->for_host);
	_cleanup_cpus_ struct cpus cpus = { 0 };
	size_t files = 0;
	int r = 0;

	if (s->microcode == MICROCODE_NONE || !is_x86(b))
		return 0;
	if (host)
		r = cpus_read(&cpus);
	if (r == -ENOMEM)
		return r;
	if (r < 0) /* then there are none that anything would be for */
		log_debug("cannot read which processors this machine has: %s", strerror(-r));
	r = 0;
	/* A guest's processor is its host's affair. */
	if (s->microcode == MICROCODE_AUTO && host && cpus.guest)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(vendors); i++)
		r = add_vendor(b, &vendors[i], host ? &cpus : NULL, &files);
	if (r == 0 && files == 0 && s->microcode != MICROCODE_AUTO)
		log_warning("no microcode for %s in %s: there is none in /%s and /%s (%s), ignoring",
			    host ? "this machine's processor" : "any processor", b->config->sysroot.path,
			    vendors[0].directory, vendors[1].directory, s->microcode_from ?: "microcode");
	return r;
}
