/* SPDX-License-Identifier: MIT */
/* extra: what systemd-stub has put into the initramfs. */
#include "init/extra.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"

#define SUFFIX ".cred"

/* systemd's tmpfiles.d/20-systemd-stub.conf does the same in an initrd of its own. */
static const struct {
	const char *from, *to;
} files[] = {
	{ "/.extra/tpm2-pcr-signature.json", "/run/systemd/tpm2-pcr-signature.json" },
	{ "/.extra/tpm2-pcr-public-key.pem", "/run/systemd/tpm2-pcr-public-key.pem" },
	{ "/.extra/profile",                 "/run/systemd/stub/profile"            },
	{ "/.extra/os-release",              "/run/systemd/stub/os-release"         },
};

/* Those of this image win over those for all, as systemd has it. */
static const char *const directories[] = { "/.extra/credentials", "/.extra/global_credentials" };

static void warn(const char *path, int r)
{
	log_warning("cannot keep %s for the booted system: %s, ignoring", path, strerror(-r));
}

static int make_parent(const char *path)
{
	_cleanup_free_ char *parent = strndup(path, (size_t)(strrchr(path, '/') - path));

	return parent ? file_mkdir_parents(AT_FDCWD, parent, 0755) : -ENOMEM;
}

static void keep_file(const char *from, const char *to)
{
	int r;

	if (access(from, F_OK) < 0)
		return;
	r = make_parent(to);
	if (r == 0)
		r = file_copy(AT_FDCWD, from, AT_FDCWD, to, 0444);
	if (r < 0)
		warn(from, r);
}

static bool keep_credential(int from, int to, const char *directory, const char *entry)
{
	_cleanup_free_ char *name = strndup(entry, strlen(entry) - strlen(SUFFIX));
	int r = name ? 0 : -ENOMEM;

	if (r == 0 && faccessat(to, name, F_OK, 0) == 0)
		return true;
	if (r == 0)
		r = file_copy(from, entry, to, name, 0400);
	if (r < 0)
		log_warning("cannot keep the credential %s of %s: %s, ignoring", entry, directory, strerror(-r));
	return r == 0;
}

static bool keep_credentials(const char *path, int to)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *de;
	bool any = false;

	while (dir && (de = readdir(dir)))
		if (*de->d_name != '.' && endswith(de->d_name, SUFFIX))
			any |= keep_credential(dirfd(dir), to, path, de->d_name);
	return any;
}

static bool keep_all_credentials(void)
{
	_cleanup_close_ int to = -EBADF;
	bool any = false;
	int r;

	if (access(directories[0], F_OK) < 0 && access(directories[1], F_OK) < 0)
		return false;
	r = file_mkdir_parents(AT_FDCWD, EXTRA_CREDENTIALS, 0700);
	if (r == 0)
		to = open(EXTRA_CREDENTIALS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (to < 0) {
		warn(directories[0], r < 0 ? r : -errno);
		return false;
	}
	/* The way to it is for everybody; what is in it is not. */
	(void)chmod("/run/credentials", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		any |= keep_credentials(directories[i], to);
	return any;
}

bool extra_keep(bool systemd)
{
	if (access("/.extra", F_OK) < 0)
		return false;
	for (size_t i = 0; systemd && i < ARRAY_SIZE(files); i++)
		keep_file(files[i].from, files[i].to);
	return keep_all_credentials();
}
