/* SPDX-License-Identifier: MIT */
/*
 * fuzz-deposit: anybody's archive, unpacked; whatever is in it, nothing appears beside the directory.
 * links: image
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "fuzz/text.h"
#include "image/deposit.h"

#define MAX_UNPACKED (1 << 20)
#define MAX_FILES    64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

/* The directory holds what the test put there, and nothing else. */
static void require_untouched(const char *top)
{
	_cleanup_closedir_ DIR *d = opendir(top);
	const struct dirent *e;
	size_t n = 0;

	FUZZ_REQUIRE(d);
	while ((e = readdir(d))) {
		FUZZ_REQUIRE(streq(e->d_name, ".") || streq(e->d_name, "..") || streq(e->d_name, "in"));
		n++;
	}
	FUZZ_REQUIRE(n == 3);
}

static void unpack(struct archive *a, int root)
{
	_cleanup_deposit_ struct deposit d = DEPOSIT_NONE;
	int r = 0;

	d.parent.root = root;
	for (size_t i = 0; i < a->n && i < MAX_FILES; i++) {
		struct newc_entry *e = &a->entries[i].file;
		const char *name = e->name;

		/* Devices are made by root alone, and a fuzzer should not make them at all. */
		if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
			continue;
		if (S_ISDIR(e->mode))
			e->mode |= 0700; /* all of it is to be removed again */
		r = deposit_add(&d, &a->entries[i]);
		FUZZ_REQUIRE(r == -EINVAL || !path_has_dot_dot(name));
	}
	(void)deposit_finish(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct archive_failure failure;
	char top[] = "/dev/shm/slipway-fuzz-XXXXXX";
	_cleanup_close_ int dir = -EBADF, root = -EBADF;

	if (archive_read(data, size, MAX_UNPACKED, &a, &failure) == -ENOMEM || a.n == 0)
		return 0;
	FUZZ_REQUIRE(mkdtemp(top));
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_REQUIRE(dir >= 0 && mkdirat(dir, "in", 0700) == 0);
	root = openat(dir, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_REQUIRE(root >= 0);
	unpack(&a, root);
	require_untouched(top);
	(void)fchmod(root, 0700);
	FUZZ_REQUIRE(nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
	return 0;
}
