/* SPDX-License-Identifier: MIT */
/* probe: libblkid's low-level prober, in a worker of its own for each device. */
#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/processors.h"
#include "base/strv.h"
#include "init/priority.h"
#include "init/probe.h"
#include "init/run.h"

/* A disk that does not answer for so long is left alone; the others go on meanwhile. */
#define PROBE_DEADLINE (30 * USEC_PER_SEC)

/* libblkid's names and where they go. */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "TYPE",            offsetof(struct tags, type)      },
	{ "USAGE",           offsetof(struct tags, usage)     },
	{ "UUID",            offsetof(struct tags, uuid)      },
	{ "UUID_SUB",        offsetof(struct tags, sub_uuid)  },
	{ "LABEL",           offsetof(struct tags, label)     },
	{ "PART_ENTRY_UUID", offsetof(struct tags, partuuid)  },
	{ "PART_ENTRY_NAME", offsetof(struct tags, partlabel) },
	{ "PART_ENTRY_TYPE", offsetof(struct tags, parttype)  },
	{ "PART_ENTRY_FLAGS", offsetof(struct tags, partflags) },
	{ "PTTYPE",          offsetof(struct tags, pttype)    },
};

static void write_field(int fd, const char *name, const char *value)
{
	/* NUL ends name and value: a label may hold anything else. */
	(void)file_write_fd(fd, name, strlen(name) + 1);
	(void)file_write_fd(fd, value, strlen(value) + 1);
}

static void free_probe(blkid_probe *pr)
{
	blkid_free_probe(*pr);
}

/* Which device, and which state of it. */
struct request {
	uint64_t announced;
	char path[512];
	int span; /* in the profile */
};

/* A drive without a medium has no tags, and that is no error: libblkid finds out by asking a CD drive. */
static int no_tags(int error)
{
	return error == ENOMEDIUM ? 0 : error ? -error : -EIO;
}

/* 0 with `*ret` NULL: no medium. */
static int open_probe(const char *path, int *ret_disk, blkid_probe *ret)
{
	_cleanup_(free_probe) blkid_probe pr = NULL;
	_cleanup_close_ int disk = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (disk < 0)
		return no_tags(errno);
	pr = blkid_new_probe();
	if (!pr)
		return -ENOMEM;
	errno = 0;
	if (blkid_probe_set_device(pr, disk, 0, 0) < 0)
		return no_tags(errno);
	(void)blkid_probe_enable_superblocks(pr, 1);
	(void)blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE |
							    BLKID_SUBLKS_USAGE);
	*ret_disk = TAKE_FD(disk);
	*ret = TAKE_PTR(pr);
	return 0;
}

/* In the worker. */
static int probe_device(int fd, void *data)
{
	const struct request *request = data;
	_cleanup_close_ int disk = -EBADF;
	_cleanup_(free_probe) blkid_probe pr = NULL;
	const char *value;
	int r;

	priority_raise();
	r = open_probe(request->path, &disk, &pr);
	if (r < 0 || !pr)
		return r;
	(void)blkid_probe_enable_partitions(pr, 1);
	(void)blkid_probe_set_partitions_flags(pr, BLKID_PARTS_ENTRY_DETAILS);
	errno = 0;
	r = blkid_do_safeprobe(pr);
	if (r == -1)
		return no_tags(errno);
	if (r == -2)
		write_field(fd, "AMBIVALENT", "1");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (blkid_probe_lookup_value(pr, fields[i].name, &value, NULL) == 0)
			write_field(fd, fields[i].name, value);
	return 0;
}

/* libblkid calls the same file system by the newest name whose features it has. */
static int filter_type(blkid_probe pr, const char *type)
{
	static const char *const ext[] = { "ext2", "ext3", "ext4", "ext4dev", NULL };
	const char *const one[] = { type, NULL };
	bool is_ext = startswith(type, "ext") && strv_contains((char **)ext, type);

	return blkid_probe_filter_superblocks_type(pr, BLKID_FLTR_ONLYIN, (char **)(is_ext ? ext : one));
}

int probe_compare(const char *path, const char *type, const char *uuid, bool *ret)
{
	_cleanup_close_ int disk = -EBADF;
	_cleanup_(free_probe) blkid_probe pr = NULL;
	const char *value;
	int r = open_probe(path, &disk, &pr);

	if (r == 0 && pr && filter_type(pr, type) < 0)
		r = -EIO;
	if (r < 0)
		return r;
	errno = 0;
	r = pr ? blkid_do_safeprobe(pr) : 1;
	if (r == -1 && (r = no_tags(errno)) < 0)
		return r;
	*ret = r == -2 || (r == 0 && pr && blkid_probe_lookup_value(pr, "UUID", &value, NULL) == 0 &&
			   strcasecmp(value, uuid) == 0);
	return 0;
}

/* NAME NUL VALUE NUL … */
static int read_tags(const char *record, size_t size, struct tags *ret)
{
	_cleanup_(tags_free) struct tags t = { 0 };
	const char *end = record + size;

	while (record < end) {
		const char *name = record, *value = name + strlen(name) + 1;

		if (value >= end)
			return -EPROTO;
		record = value + strlen(value) + 1;
		t.ambivalent = t.ambivalent || streq(name, "AMBIVALENT");
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			if (streq(name, fields[i].name) &&
			    string_set((char **)((char *)&t + fields[i].offset), value) < 0)
				return -ENOMEM;
	}
	*ret = t;
	t = (struct tags){ 0 };
	return 0;
}

static void probe_done(struct run *run, struct job *job, int result)
{
	struct device *dev = devices_find(&run->devices, job->subject);
	const struct request *request = job->data;
	struct tags tags;

	profile_end(&run->profile, request->span);
	/* Gone, or changed while it was read: then it is read again, or is being read again already. */
	if (!dev || dev->announced != request->announced)
		return;
	if (result == 0)
		result = read_tags(job->worker.record, job->worker.size, &tags);
	if (result == 0) {
		device_set_tags(dev, &tags, clock_monotonic());
		dev->read_upto = run->devices.announced;
		log_debug("%s: %s%s%s", dev->name, dev->tags.type ? dev->tags.type : "nothing known",
			  dev->tags.uuid ? " " : "", dev->tags.uuid ? dev->tags.uuid : "");
		return;
	}
	dev->probe = PROBE_FAILED;
	log_warning("cannot read the tags of %s: %s, ignoring", dev->devname, strerror(-result));
	(void)attempts_failed(&run->attempts, dev->name, ACTION_PROBE, clock_monotonic());
}

static const struct job_kind probe_kind = { .name = "probe", .done = probe_done };

int probe_start(struct run *run, const char *name)
{
	struct device *dev = devices_find(&run->devices, name);
	struct request *request = calloc(1, sizeof(*request));
	int r;

	if (!request)
		return -ENOMEM;
	request->announced = dev->announced;
	(void)snprintf(request->path, sizeof(request->path), "/dev/%s", dev->devname);
	request->span = profile_begin(&run->profile, SPAN_WORKER, span_name("probe", name).text, name);
	r = jobs_start(&run->jobs, &probe_kind, name, probe_device, request,
		       clock_add(clock_monotonic(), PROBE_DEADLINE));
	if (r < 0)
		return r;
	dev->probe = PROBE_RUNNING;
	dev->probe_since = clock_monotonic();
	return 0;
}

unsigned int probes_at_once(void)
{
	/* Half of the time they wait for their disks. */
	return 2 * processors_usable();
}
