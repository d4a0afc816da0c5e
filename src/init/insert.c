/* SPDX-License-Identifier: MIT */
/* insert: the modules of the first archive, put into the kernel. */
#include "init/insert.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/dropin.h"
#include "base/file.h"
#include "init/answer.h"

#define TEXT_MAX (16 << 20)

static int read_configuration(struct modconf *c)
{
	/* modprobe.d(5), as libkmod reads it. */
	static const char *const dirs[] = {
		"etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d",
		NULL,
	};
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL, *cmdline = NULL;
	_cleanup_cmdline_ struct cmdline words = { 0 };
	int r = dropin_read(root, dirs, ".conf", &text);

	if (r == 0)
		r = modconf_read(c, text);
	if (r == 0 && file_read(AT_FDCWD, "/proc/cmdline", TEXT_MAX, &cmdline, NULL) == 0)
		r = cmdline_parse(cmdline, &words);
	return r < 0 ? r : modconf_read_cmdline(c, &words);
}

static int read_modules(struct insert *i)
{
	_cleanup_free_ char *dep = NULL, *alias = NULL;
	struct utsname name;
	char path[sizeof(name.release) + 32];

	(void)uname(&name);
	(void)snprintf(path, sizeof(path), "/usr/lib/modules/%s", name.release);
	i->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (i->dir < 0)
		i->dir = open(path + strlen("/usr"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (i->dir < 0 || file_read(i->dir, "modules.dep", TEXT_MAX, &dep, NULL) < 0)
		return 0;
	(void)file_read(i->dir, "modules.alias", TEXT_MAX, &alias, NULL);
	return nearby_read(&i->nearby, TAKE_PTR(dep), TAKE_PTR(alias));
}

int insert_open(struct insert *i)
{
	int r = read_modules(i);

	return r == 0 && i->nearby.modules_n > 0 ? read_configuration(&i->conf) : r;
}

void insert_close(struct insert *i)
{
	close_fd(&i->dir);
	i->dir = -EBADF;
	nearby_free(&i->nearby);
	modconf_free(&i->conf);
}

/* The kernel would look at the signature first, which takes as long as loading it. */
static bool is_loaded(const struct nearby_module *m)
{
	_cleanup_free_ char *path = NULL;

	return asprintf(&path, "/sys/module/%s", m->name) > 0 && access(path, F_OK) == 0;
}

/* One that is asked for. */
struct wish {
	const struct insert *from;
	bool fs; /* a file system's */
	int fd;  /* for the answers */
};

/*
 * finit_module(2) comes back when all asynchronous probing of all drivers has ended, or at once with `async_probe`,
 * which is for modules that have no driver: else nothing would tell when its disks may still come. The kernel's
 * do_init_module(); Documentation/admin-guide/kernel-parameters.txt, <module>.async_probe
 */
static char *options_of(const struct wish *w, const char *name)
{
	_cleanup_free_ char *options = modconf_options(&w->from->conf, name);
	char *all;

	if (!options || !w->fs)
		return TAKE_PTR(options);
	return asprintf(&all, "%s%sasync_probe", options, *options ? " " : "") < 0 ? NULL : all;
}

static int insert_file(const struct wish *w, const struct nearby_module *m)
{
	_cleanup_close_ int fd = openat(w->from->dir, m->path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *options = options_of(w, m->name);

	if (fd < 0)
		return -errno;
	if (!options)
		return -ENOMEM;
	return syscall(SYS_finit_module, fd, options, 0) < 0 ? -errno : 0;
}

/* Of two that load the same module one is told EEXIST. */
static void insert_one(const struct wish *w, const struct nearby_module *m, bool needed)
{
	uint64_t begin = clock_monotonic();
	int r;

	if (is_loaded(m))
		return;
	r = insert_file(w, m);
	/* What a processor or a device has no use for is among what is needed, since it may be: crc32c_intel. */
	if (r != -EEXIST && !(needed && r == -ENODEV))
		answer_inserted(w->fd, m->name, begin, r);
}

/* What stands last is needed by what stands before it. Where one fails, the next one does not find its symbols. */
static void insert_with_needs(const struct wish *w, const struct nearby_module *m)
{
	const char *end = m->needs + strlen(m->needs);

	if (is_loaded(m))
		return;
	while (end > m->needs) {
		const char *begin = end;
		const struct nearby_module *need;

		while (begin > m->needs && begin[-1] != ' ')
			begin--;
		need = begin < end ? nearby_by_path(&w->from->nearby, begin, (size_t)(end - begin)) : NULL;
		if (need)
			insert_one(w, need, true);
		end = begin > m->needs ? begin - 1 : begin;
	}
	insert_one(w, m, false);
}

bool insert_serve(const struct insert *i, const char *alias, int fd)
{
	const struct wish w = { .from = i, .fs = startswith(alias, "fs-"), .fd = fd };
	const struct nearby_module *m = nearby_by_name(&i->nearby, alias);
	size_t at = 0;
	bool any = m != NULL;

	for (; m || (m = nearby_next(&i->nearby, alias, &at)); m = NULL) {
		any = true;
		if (!modconf_is_blacklisted(&i->conf, m->name))
			insert_with_needs(&w, m);
	}
	return any;
}
