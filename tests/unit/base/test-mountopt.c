/* SPDX-License-Identifier: MIT */
/*
 * test-mountopt: which words are flags, which are the file system's, which are nobody's, and which are libmount's.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <errno.h>
#include <sys/mount.h>

#include "base/mountopt.h"
#include "unit/memory.h"

static void options(void **state)
{
	static const struct {
		const char *options;
		unsigned long flags;
		const char *data;
		int r;
	} rows[] = {
		{ NULL, 0, NULL, 0 },
		{ "", 0, NULL, 0 },
		{ ",,", 0, NULL, 0 },
		{ "defaults", 0, NULL, 0 },
		{ "ro", MS_RDONLY, NULL, 0 },
		{ "ro,rw", 0, NULL, 0 },
		{ "rw,ro", MS_RDONLY, NULL, 0 },
		{ "nosuid,defaults", MS_NOSUID, NULL, 0 },
		{ "noatime,nodev,nosuid,noexec,sync", MS_NOATIME | MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_SYNCHRONOUS,
		  NULL, 0 },
		{ "relatime,lazytime,strictatime,nodiratime,dirsync",
		  MS_RELATIME | MS_LAZYTIME | MS_STRICTATIME | MS_NODIRATIME | MS_DIRSYNC, NULL, 0 },
		{ "subvol=@,compress=zstd:1,noatime", MS_NOATIME, "subvol=@,compress=zstd:1", 0 },
		{ "errors=remount-ro", 0, "errors=remount-ro", 0 },
		{ "uid=0,gid=5,umask=077", 0, "uid=0,gid=5,umask=077", 0 },
		/* Commas between quotes are part of the value. */
		{ "opt=\"a,b\",ro", MS_RDONLY, "opt=\"a,b\"", 0 },
		{ "opt=\"a,ro", 0, "opt=\"a,ro", 0 },
		/* For systemd and for people. */
		{ "x-systemd.device-timeout=5,nofail,_netdev,comment=x,ro,X-any", MS_RDONLY, NULL, 0 },
		{ "uid=joe", 0, NULL, -ENOTSUP },
		{ "ro,gid=disk", 0, NULL, -ENOTSUP },
		{ "loop", 0, NULL, -ENOTSUP },
		{ "loop=/dev/loop1", 0, NULL, -ENOTSUP },
		{ "looping", 0, "looping", 0 },
		{ "context=\"system_u:object_r:root_t:s0\"", 0, NULL, -ENOTSUP },
		{ "rootcontext=a", 0, NULL, -ENOTSUP },
		{ "X-mount.mkdir", 0, NULL, -ENOTSUP },
		{ "verity.roothash=00", 0, NULL, -ENOTSUP },
		{ "bind", 0, NULL, -ENOTSUP },
		{ "users", 0, NULL, -ENOTSUP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mountopt o = { 0 };
		int r = mountopt_parse(rows[i].options, &o);

		if (r != rows[i].r || o.flags != rows[i].flags || !streq_null(o.data, rows[i].data))
			fail_msg("%s: %d %lx %s", rows[i].options, r, o.flags, o.data);
		mountopt_free(&o);
	}
}

static int parse(void *data)
{
	struct mountopt o = { 0 };
	int r = mountopt_parse("ro,a=1,b", &o);

	if (r < 0)
		assert_null(o.data);
	mountopt_free(&o);
	return r;
}

static void out_of_memory(void **state)
{
	assert_true(memory_sweep(parse, NULL) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
