/* SPDX-License-Identifier: MIT */
/* device: the table of block devices. */
#include <errno.h>

#include "base/file.h"
#include "base/strv.h"
#include "init/device.h"
#include "init/links.h"

static void device_free(struct device *d)
{
	if (!d)
		return;
	free(d->name);
	free(d->devname);
	free(d->devpath);
	free(d->parent);
	free(d->dm_name);
	free(d->dm_uuid);
	free(d->md_level);
	free(d->md_state);
	free(d->file);
	strv_free(d->slaves);
	free(d->membership.group);
	free(d->holds);
	tags_free(&d->tags);
	strv_free(d->links);
	free(d);
}

static void free_device_pointer(struct device **d)
{
	device_free(*d);
}

void tags_free(struct tags *t)
{
	free(t->type);
	free(t->usage);
	free(t->uuid);
	free(t->sub_uuid);
	free(t->label);
	free(t->partuuid);
	free(t->partlabel);
	free(t->parttype);
	free(t->partflags);
	free(t->pttype);
	*t = (struct tags){ 0 };
}

void devices_free(struct devices *d)
{
	for (size_t i = 0; i < d->n; i++)
		device_free(d->items[i]);
	free(d->items);
	*d = (struct devices){ 0 };
}

struct device *devices_find(const struct devices *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (streq(d->items[i]->name, name))
			return d->items[i];
	return NULL;
}

static int add(struct devices *d, const char *name, struct device **ret)
{
	_cleanup_(free_device_pointer) struct device *dev = calloc(1, sizeof(*dev));
	struct device **grown = realloc(d->items, (d->n + 1) * sizeof(dev));

	if (grown)
		d->items = grown;
	if (!dev || !grown || string_set(&dev->name, name) < 0)
		return -ENOMEM;
	*ret = dev;
	d->items[d->n++] = TAKE_PTR(dev);
	return 0;
}

bool device_is_of_same(const struct device *a, const struct device *b)
{
	if (a->membership.group)
		return streq_null(b->membership.group, a->membership.group);
	return streq_null(a->tags.type, "btrfs") && streq_null(b->tags.type, "btrfs") && a->tags.uuid &&
	       streq_null(b->tags.uuid, a->tags.uuid);
}

/* Nothing stands on it any more, and what it was a part of is not whole. */
static void take_leave(const struct devices *d, const struct device *gone)
{
	for (size_t i = 0; i < d->n; i++) {
		struct device *dev = d->items[i];

		strv_remove(dev->slaves, gone->name);
		if (device_is_of_same(gone, dev))
			dev->membership.complete = false;
	}
}

static void remove_device(struct devices *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (streq(d->items[i]->name, name)) {
			take_leave(d, d->items[i]);
			device_free(d->items[i]);
			d->items[i] = d->items[--d->n];
			return;
		}
}

/* The last word of "/devices/pci0000:00/…/block/vda/vda1", and the one before it for a partition. */
static int set_names(struct device *dev, const struct uevent *u)
{
	_cleanup_free_ char *path = strdup(u->devpath);
	char *slash;

	if (!path || string_set(&dev->devpath, u->devpath) < 0 || string_set(&dev->devname, u->devname) < 0)
		return -ENOMEM;
	if (!u->devtype || !streq(u->devtype, "partition"))
		return 0;
	slash = strrchr(path, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	slash = strrchr(path, '/');
	return slash ? string_set(&dev->parent, slash + 1) : 0;
}

/* One line; NULL where there is none. */
static void read_text(int dir, const char *attribute, char **ret)
{
	free(*ret);
	*ret = NULL;
	if (file_read_line(dir, attribute, ret) == 0 && !**ret) {
		free(*ret);
		*ret = NULL;
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_slaves(struct device *dev, int dirfd)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *de;
	int r = 0;

	strv_free(dev->slaves);
	dev->slaves = NULL;
	if (file_open_dir(dirfd, "slaves", &dir) < 0)
		return 0;
	while (r == 0 && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			r = strv_push(&dev->slaves, de->d_name);
	if (dev->slaves)
		qsort(dev->slaves, strv_length(dev->slaves), sizeof(char *), compare_names);
	return r;
}

int device_read(struct device *dev, int sysfd)
{
	_cleanup_close_ int dir = openat(sysfd, dev->devpath + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t ro = 0, removable = 0;

	if (dir < 0)
		return 0;
	dev->sectors = 0;
	(void)file_read_u64(dir, "size", &dev->sectors);
	(void)file_read_u64(dir, dev->parent ? "../diskseq" : "diskseq", &dev->diskseq);
	(void)file_read_u64(dir, "ro", &ro);
	dev->read_only = ro != 0;
	(void)file_read_u64(dir, dev->parent ? "../removable" : "removable", &removable);
	/* A stick says that it is, a disk in a box with a cable that it is not. */
	dev->removable = removable != 0 || strstr(dev->devpath, "/usb");
	read_text(dir, "dm/name", &dev->dm_name);
	read_text(dir, "dm/uuid", &dev->dm_uuid);
	read_text(dir, "md/level", &dev->md_level);
	read_text(dir, "md/array_state", &dev->md_state);
	read_text(dir, "loop/backing_file", &dev->file);
	return read_slaves(dev, dir);
}

int devices_apply(struct devices *d, int sysfd, const struct uevent *u)
{
	const char *name = strrchr(u->devpath, '/') + 1;
	struct device *dev = devices_find(d, name);
	int r = 0;

	if (!u->subsystem || !streq(u->subsystem, "block") || !u->devname)
		return 0;
	if (u->action == UEVENT_REMOVE) {
		remove_device(d, name);
		return 0;
	}
	if (!dev)
		r = add(d, name, &dev);
	if (r < 0)
		return r;
	dev->devno = u->devno;
	dev->partn = u->partn;
	r = set_names(dev, u);
	if (r == 0)
		r = device_read(dev, sysfd);
	if (r == 0)
		r = links_read(dev, sysfd);
	/* A probe under way reads the old content: its answer no longer counts. */
	dev->announced = ++d->announced;
	dev->probe = PROBE_NONE;
	dev->compared = 0;
	tags_free(&dev->tags);
	(void)device_set_membership(dev, NULL, false, 0);
	(void)string_set(&dev->holds, NULL);
	/* No half of a device stays: who looks at the table reads every name in it. */
	if (r < 0)
		remove_device(d, name);
	return r;
}

const struct device *devices_upper(const struct devices *all, const struct device *d)
{
	for (size_t i = 0; i < all->n; i++)
		if (strv_contains(all->items[i]->slaves, d->name))
			return all->items[i];
	return NULL;
}

int device_set_membership(struct device *d, const char *group, bool complete, unsigned int total)
{
	d->membership.complete = complete;
	d->membership.total = total;
	return string_set(&d->membership.group, group);
}

void device_set_tags(struct device *d, struct tags *tags, uint64_t now)
{
	tags_free(&d->tags);
	d->tags = *tags;
	*tags = (struct tags){ 0 };
	d->probe = PROBE_DONE;
	d->probed_at = now;
}

char *device_describe(const struct device *d)
{
	const struct {
		const char *key, *value;
	} parts[] = {
		{ " ",           d->tags.type ? d->tags.type : d->tags.pttype },
		{ " UUID=",      d->tags.uuid      },
		{ " LABEL=",     d->tags.label     },
		{ " PARTUUID=",  d->tags.partuuid  },
		{ " PARTLABEL=", d->tags.partlabel },
		{ " ",           d->sectors == 0 ? "no medium" : NULL },
		{ " ",           d->tags.ambivalent ? "several signatures" : NULL },
		{ " ",           d->probe == PROBE_FAILED ? "cannot be read" : NULL },
		{ " ",           d->probe == PROBE_RUNNING ? "being read" : NULL },
	};
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool any = false;

	if (!f)
		return NULL;
	(void)fprintf(f, "%s", d->devname);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].value) {
			(void)fprintf(f, "%s%s%s", any ? "" : " (", parts[i].key + !any, parts[i].value);
			any = true;
		}
	(void)fprintf(f, "%s", any ? ")" : "");
	return fclose(f) == 0 ? TAKE_PTR(text) : NULL;
}

char *devices_describe(const struct devices *d)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; i < d->n; i++) {
		_cleanup_free_ char *one = device_describe(d->items[i]);

		(void)fprintf(f, "%s%s", i > 0 ? ", " : "", one ? one : d->items[i]->devname);
	}
	if (d->n == 0)
		(void)fprintf(f, "none");
	return fclose(f) == 0 ? TAKE_PTR(text) : NULL;
}
