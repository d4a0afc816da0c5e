/* SPDX-License-Identifier: MIT */
/*
 * fuzz-executable: the init of a root that we did not make: its ELF headers, its first line.
 * links: init
 */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "fuzz/text.h"
#include "init/executable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[] = "/tmp/slipway-fuzz.XXXXXX";

static void remove_root(void)
{
	int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)unlinkat(dir, "init", 0);
	(void)unlinkat(dir, "sh", 0);
	(void)close(dir);
	(void)rmdir(root);
}

/* One directory for all inputs, with a script whose interpreter is what is tested. */
static int root_fd(void)
{
	static int fd = -1;

	if (fd >= 0)
		return fd;
	if (!mkdtemp(root))
		abort();
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_REQUIRE(file_write(fd, "sh", "#!/init\n", 0755) == 0);
	(void)atexit(remove_root);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int dir = root_fd(), fd = openat(dir, "init", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755), r, by_script;
	char why[256] = "", why_script[256] = "";

	FUZZ_REQUIRE(fd >= 0 && file_write_fd(fd, data, size) == 0 && close(fd) == 0);
	r = executable_check(dir, "/init", why, sizeof(why));
	FUZZ_REQUIRE(r == 0 ? !*why : r < 0 && *why);
	by_script = executable_check(dir, "/sh", why_script, sizeof(why_script));
	/* As an interpreter it is what it is alone, but for the limit on their number. */
	FUZZ_REQUIRE(by_script == r || by_script == -ELOOP);
	return 0;
}
