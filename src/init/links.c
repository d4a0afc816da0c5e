/* SPDX-License-Identifier: MIT */
/* links: by-id and by-path names from sysfs. */
#include <ctype.h>
#include <errno.h>

#include "base/file.h"
#include "base/strv.h"
#include "init/links.h"

/* An attribute as udev puts it into a name: trimmed, each run of white space one '_'. */
static char *read_word(int dir, const char *attribute)
{
	_cleanup_free_ char *line = NULL;
	char *to;
	size_t n;

	if (file_read_line(dir, attribute, &line) < 0)
		return NULL;
	n = strlen(line);
	while (n > 0 && isspace((unsigned char)line[n - 1]))
		line[--n] = '\0';
	to = line;
	for (char *p = line + strspn(line, " \t"); *p; p++)
		if (!isspace((unsigned char)*p))
			*to++ = *p;
		else if (to > line && to[-1] != '_')
			*to++ = '_';
	*to = '\0';
	return *line ? TAKE_PTR(line) : NULL;
}

/* Which attributes of the disk's directory make which by-id name. */
static const struct id_row {
	const char *disk;   /* what the kernel's name begins with */
	const char *prefix;
	const char *first, *second; /* joined by '_'; second may be NULL */
} ids[] = {
	{ "vd",   "virtio-", "serial",       NULL            },
	{ "nvme", "nvme-",   "wwid",         NULL            },
	{ "nvme", "nvme-",   "device/model", "device/serial" },
	{ "sd",   "wwn-",    "device/wwid",  NULL            },
	{ "mmc",  "mmc-",    "device/name",  "device/serial" },
};

static int push_link(struct device *dev, const char *directory, const char *prefix, const char *name)
{
	_cleanup_free_ char *link = NULL;
	int r;

	if (dev->parent && dev->partn > 0)
		r = asprintf(&link, "%s/%s%s-part%d", directory, prefix, name, dev->partn);
	else
		r = asprintf(&link, "%s/%s%s", directory, prefix, name);
	return r < 0 ? -ENOMEM : strv_push(&dev->links, link);
}

static int add_ids(struct device *dev, int dir)
{
	const char *disk = dev->parent ? dev->parent : dev->name;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct id_row *row = &ids[i];
		_cleanup_free_ char *first = NULL, *second = NULL, *both = NULL;
		const char *name;
		int r;

		if (!startswith(disk, row->disk))
			continue;
		first = read_word(dir, row->first);
		second = row->second ? read_word(dir, row->second) : NULL;
		if (!first || (row->second && !second))
			continue;
		if (second && asprintf(&both, "%s_%s", first, second) < 0)
			return -ENOMEM;
		name = both ? both : first;
		/* sysfs writes "naa.5000…" and "eui.…"; udev's wwn names are "wwn-0x5000…". */
		if (streq(row->prefix, "wwn-")) {
			name = startswith(name, "naa.");
			if (!name)
				continue;
		}
		r = push_link(dev, "by-id", streq(row->prefix, "wwn-") ? "wwn-0x" : row->prefix, name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "…/0000:00:04.0/virtio1/block/vda": the last component that is a PCI address, and what follows it. */
static const char *last_pci(const char *devpath, char ret[16])
{
	const char *after = NULL;

	for (const char *p = strchr(devpath, '/'); p; p = strchr(p + 1, '/')) {
		unsigned int a, b, c, f;
		int used = 0;

		if (sscanf(p, "/%4x:%2x:%2x.%1x%n", &a, &b, &c, &f, &used) == 4 &&
		    (p[used] == '/' || !p[used])) {
			(void)snprintf(ret, 16, "%.*s", used - 1, p + 1);
			after = p + used;
		}
	}
	return after;
}

/*
 * "…/ata7/host6/target6:0:1/6:0:1:0/block/sdb": ata7 counts all ports of the machine, port_no those of the
 * controller. Behind a port multiplier the bus says which, else the target is master or slave. Since systemd 247
 * the name has both numbers, the older one stays beside it.
 */
static int add_ata(struct device *dev, int sysfd, const char *after, const char *pci)
{
	_cleanup_free_ char *file = NULL, *name = NULL, *older = NULL;
	int ata, bus, target, n = (int)(after - dev->devpath), r;
	uint64_t port;

	if (sscanf(after, "/ata%d/host%*d/target%*d:%*d:%*d/%*d:%d:%d:", &ata, &bus, &target) != 3)
		return 0;
	if (asprintf(&file, "%.*s/ata%d/ata_port/ata%d/port_no", n, dev->devpath, ata, ata) < 0)
		return -ENOMEM;
	if (file_read_u64(sysfd, file + 1, &port) < 0)
		return 0;
	if (asprintf(&older, "pci-%s-ata-%d", pci, (int)port) < 0 ||
	    asprintf(&name, "%s.%d%s", older, bus ? bus : target, bus ? ".0" : "") < 0)
		return -ENOMEM;
	r = push_link(dev, "by-path", name, "");
	return r < 0 ? r : push_link(dev, "by-path", older, "");
}

static int add_paths(struct device *dev, int sysfd)
{
	const char *disk = dev->parent ? dev->parent : dev->name, *namespace = strrchr(disk, 'n');
	_cleanup_free_ char *name = NULL;
	const char *after;
	int used = 0, r;
	char pci[16];

	after = last_pci(dev->devpath, pci);
	if (!after)
		return 0;
	if (startswith(after, "/ata"))
		return add_ata(dev, sysfd, after, pci);
	(void)sscanf(after, "/virtio%*d/block/%n", &used);
	if (used > 0) /* not a disk of virtio-scsi */
		r = asprintf(&name, "pci-%s", pci);
	else if (startswith(after, "/nvme/") && namespace)
		r = asprintf(&name, "pci-%s-nvme-%s", pci, namespace + 1);
	else
		return 0;
	return r < 0 ? -ENOMEM : push_link(dev, "by-path", name, "");
}

int links_read(struct device *dev, int sysfd)
{
	_cleanup_close_ int dir = -EBADF, disk = -EBADF;
	int r;

	strv_free(TAKE_PTR(dev->links));
	dir = openat(sysfd, dev->devpath + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return 0;
	if (dev->parent)
		disk = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = add_ids(dev, dev->parent ? disk : dir);
	return r < 0 ? r : add_paths(dev, sysfd);
}
