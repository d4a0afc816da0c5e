/* SPDX-License-Identifier: MIT */
/* ram: an image copied to memory. */
#include "init/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/inroot.h"
#include "base/log.h"
#include "base/worker.h"
#include "init/live.h"
#include "init/mount.h"
#include "init/run.h"

#define MIB         (UINT64_C(1) << 20)
#define CHUNK       (4 * MIB)
#define OPEN_TIME   (60 * USEC_PER_SEC)
/* What gives less than this is broken. */
#define SLOWEST     (UINT64_C(64) << 10) /* bytes a second */
#define TELL_EVERY  (2 * USEC_PER_SEC)
#define MEMINFO_MAX (64 << 10)

struct copy {
	const char *path;   /* on the medium; NULL: its device */
	const char *name;   /* for messages */
	const struct devices *devices;
	uint64_t size;
};

/* By number, as the mounted file system tells it. */
static int open_device(const struct devices *devices)
{
	struct stat st;

	if (stat(LIVE_MEDIUM, &st) < 0)
		return -errno;
	for (size_t i = 0; i < devices->n; i++) {
		char path[512];
		int fd;

		if (devices->items[i]->devno != st.st_dev)
			continue;
		(void)snprintf(path, sizeof(path), "/dev/%s", devices->items[i]->devname);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	return -ENODEV;
}

static int open_source(const struct copy *c)
{
	_cleanup_close_ int top = -EBADF;

	if (!c->path)
		return open_device(c->devices);
	top = open(LIVE_MEDIUM, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return top < 0 ? -errno : inroot_open(top, c->path, O_RDONLY);
}

/* In the worker. The record: its size. */
static int measure(int out, void *data)
{
	_cleanup_close_ int fd = open_source(data);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char record[32];

	if (fd < 0 || size < 0)
		return fd < 0 ? fd : -errno;
	(void)snprintf(record, sizeof(record), "%llu", (unsigned long long)size);
	return file_write_fd(out, record, strlen(record));
}

/* kB of a line of /proc/meminfo, as bytes; 0: there is none. proc(5) */
static uint64_t meminfo(const char *text, const char *key)
{
	const char *line = text ? strstr(text, key) : NULL;
	unsigned long long kb = 0;

	if (!line || (line != text && line[-1] != '\n') || sscanf(line + strlen(key), ": %llu kB", &kb) != 1)
		return 0;
	return kb << 10;
}

/* Before anything is copied: what does not fit would bring the machine to a halt in the midst of it. */
static int check_room(const struct boot_live *l, const struct copy *c)
{
	_cleanup_free_ char *text = NULL;
	uint64_t available, spare = l->ram_spare;

	if (file_read(AT_FDCWD, "/proc/meminfo", MEMINFO_MAX, &text, NULL) < 0)
		return 0;
	available = meminfo(text, "MemAvailable");
	if (spare == LIVE_SPARE_USUAL)
		spare = meminfo(text, "MemTotal") / 8;
	if (available == 0 || c->size + spare <= available)
		return 0;
	log_error("cannot copy %s to memory: it has %llu MiB, %llu MiB are available, and %llu MiB have to stay so "
		  "(rd.slipway.copy.spare=)", c->name, (unsigned long long)(c->size / MIB),
		  (unsigned long long)(available / MIB), (unsigned long long)(spare / MIB));
	return -ENOMEM;
}

static void tell(const struct copy *c, uint64_t done, uint64_t *told)
{
	uint64_t now = clock_monotonic();

	if (done < c->size && now < *told + TELL_EVERY)
		return;
	*told = now;
	log_console(LOG_NOTICE, "copying %s to memory: %llu of %llu MiB", c->name, (unsigned long long)(done / MIB),
		    (unsigned long long)(c->size / MIB));
}

/* In the worker: what a bad disc gives is an error, not half an image. */
static int copy(int out, void *data)
{
	const struct copy *c = data;
	_cleanup_close_ int from = open_source(c), to = -EBADF;
	_cleanup_free_ char *buffer = malloc(CHUNK);
	uint64_t done = 0, told = clock_monotonic();

	if (from < 0 || !buffer)
		return from < 0 ? from : -ENOMEM;
	to = open(LIVE_RAM "/image", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	while (done < c->size) {
		ssize_t n = read(from, buffer, CHUNK);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = file_write_fd(to, buffer, (size_t)n);
		if (r < 0)
			return r;
		done += (uint64_t)n;
		tell(c, done, &told);
	}
	return 0;
}

static int mount_memory(struct run *run, const struct copy *c)
{
	const char *asked = run->boot.live.ram_size;
	_cleanup_free_ char *options = NULL;
	struct mount_request m = { .source = "tmpfs", .target = LIVE_RAM, .fstype = "tmpfs" };
	char size[32];
	int r = file_mkdir_parents(AT_FDCWD, LIVE_RAM, 0700);

	if (r < 0)
		return log_errno(r, "cannot make " LIVE_RAM);
	if (mount_is_mountpoint(LIVE_RAM))
		return 0;
	/* Its last page counts whole. */
	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)(c->size + MIB));
	if (asprintf(&options, "mode=0700,size=%s", asked ? asked : size) < 0)
		return log_errno(-ENOMEM, "cannot mount " LIVE_RAM);
	m.options = options;
	return mount_fs(run, &m);
}

static int ram_copy(struct run *run, struct copy *c, char **ret)
{
	_cleanup_free_ char *record = NULL;
	uint64_t deadline;
	int span, r;

	c->devices = &run->devices;
	r = worker_call(measure, c, clock_add(clock_monotonic(), OPEN_TIME), &record, NULL);
	if (r < 0)
		return log_errno(r, "cannot read %s", c->name);
	c->size = record ? strtoull(record, NULL, 10) : 0;
	r = check_room(&run->boot.live, c);
	if (r == 0)
		r = mount_memory(run, c);
	if (r < 0)
		return r;
	span = profile_begin(&run->profile, SPAN_STAGE, "root/copy", NULL);
	deadline = clock_add(clock_monotonic(), OPEN_TIME + c->size / SLOWEST * USEC_PER_SEC);
	r = worker_call(copy, c, deadline, NULL, NULL);
	profile_end(&run->profile, span);
	if (r < 0) {
		/* So that another try may begin with other sizes. */
		(void)umount2(LIVE_RAM, MNT_DETACH);
		return log_errno(r, "cannot copy %s to memory", c->name);
	}
	return string_set(ret, "/image");
}

int ram_copy_file(struct run *run, const char *path, char **ret)
{
	return ram_copy(run, &(struct copy){ .path = path, .name = path }, ret);
}

int ram_copy_medium(struct run *run, char **ret)
{
	return ram_copy(run, &(struct copy){ .name = "the medium" }, ret);
}
