/* SPDX-License-Identifier: MIT */
/* livespec: what the words about layers mean together. */
#include "init/livespec.h"

#include <errno.h>

#include "base/strv.h"

/* Where nothing else is said, as dracut looks: an image, perhaps with one inside; or that one alone. */
static const char *const dracut_image[] = {
	"squashfs.img?", "/LiveOS/rootfs.img?", "rootfs.img?", "ext3fs.img?", NULL,
};

static bool is_wanted(const struct boot *b)
{
	const struct boot_live *l = &b->live;

	return l->root_is_live || l->root_is_medium || l->medium.spec.kind != SPEC_NONE || l->medium.fstype ||
	       l->medium.spec.removable != REMOVABLE_ANY || l->image || l->upper != UPPER_UNSAID ||
	       b->file.host.spec.kind == SPEC_HOLDING;
}

static int copy_list(char ***to, const char *const *from)
{
	int r = 0;

	for (; r == 0 && *from; from++)
		r = strv_push(to, *from);
	return r;
}

/* What was said, what the one who names the medium so is used to, what dracut's images have; or the medium itself. */
static int choose_image(struct boot *b)
{
	struct boot_live *l = &b->live;
	bool dracut = l->root_is_live || l->root_is_medium || b->file.host.spec.kind == SPEC_HOLDING;
	int r = 0;

	if (!l->image && l->image_usual)
		l->image = TAKE_PTR(l->image_usual);
	else if (!l->image && dracut)
		r = copy_list(&l->image, dracut_image);
	if (r == 0 && dracut && !l->dir)
		r = string_set(&l->dir, "/LiveOS");
	return r;
}

/* A word of its own names it, or root= does, or only its kind is known. */
static int choose_medium(struct boot *b)
{
	struct boot_live *l = &b->live;
	struct spec *spec = &l->medium.spec;
	enum removable removable = spec->removable;

	if (spec->kind != SPEC_NONE)
		return 0;
	if (b->root.spec.kind != SPEC_NONE) {
		*spec = b->root.spec;
		b->root.spec = (struct spec){ 0 };
		spec->removable = removable;
		if (!l->medium.fstype)
			l->medium.fstype = TAKE_PTR(b->root.fstype);
		if (!l->medium.flags)
			l->medium.flags = TAKE_PTR(b->root.flags);
		l->plain = !l->image && !l->root_is_live;
		return 0;
	}
	if (!l->medium.fstype && removable == REMOVABLE_ANY)
		return 0;
	spec->kind = SPEC_ANY;
	return string_set(&spec->value, "") < 0 ? -ENOMEM : string_set(&spec->text, "of any name");
}

/*
 * All that is said of it must fit, so that an ext4 with the CD's label is passed by, and messages shall tell it. An
 * installed root that holds another type than it should is an error of its own, see filesystem.c.
 */
static int describe_medium(struct boot_live *l)
{
	static const char *const kinds[] = { "", "removable", "not removable" };
	struct spec *spec = &l->medium.spec;
	const char *kind = kinds[spec->removable], *type = l->plain || !l->medium.fstype ? "" : l->medium.fstype;
	char *text;

	if (spec->kind == SPEC_NONE || (!*kind && !*type))
		return 0;
	if (*type && string_set(&spec->fstype, type) < 0)
		return -ENOMEM;
	if (asprintf(&text, "%s (%s%s%s)", spec->text, type, *type && *kind ? ", " : "", kind) < 0)
		return -ENOMEM;
	free(spec->text);
	spec->text = text;
	return 0;
}

static int choose_upper(struct boot_live *l)
{
	int r = 0;

	if (l->upper == UPPER_UNSAID)
		l->upper = UPPER_TMPFS;
	if (!l->upper_dir)
		r = string_set(&l->upper_dir, l->upper == UPPER_TMPFS ? "/upper" : "/overlay/upper");
	if (r == 0 && !l->work_dir)
		r = string_set(&l->work_dir, l->upper == UPPER_TMPFS ? "/work" : "/overlay/work");
	return r;
}

int livespec_complete(struct boot *b)
{
	struct boot_live *l = &b->live;
	int r;

	l->wanted = is_wanted(b);
	if (!l->wanted)
		return 0;
	r = choose_image(b);
	if (r == 0)
		r = choose_medium(b);
	if (r == 0)
		r = describe_medium(l);
	if (r == 0)
		r = choose_upper(l);
	/* The file that the medium is in is not written to, nor is what it lies on. */
	if (r == 0 && b->file.path && !b->file.host.flags && l->upper != UPPER_MEDIUM)
		r = string_set(&b->file.host.flags, "ro");
	if (l->wait > 0)
		b->timeout = l->wait;
	return r;
}

void livespec_free(struct boot_live *l)
{
	struct boot_mount *const mounts[] = { &l->medium, &l->store };
	char *const texts[] = {
		l->dir, l->ram_size, l->upper_size, l->upper_dir, l->work_dir, l->files, l->keep_medium, l->keep_image,
		l->keep_upper,
	};

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		spec_free(&mounts[i]->spec);
		free(mounts[i]->fstype);
		free(mounts[i]->flags);
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	strv_free(l->image);
	strv_free(l->image_usual);
}
