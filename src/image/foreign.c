/* SPDX-License-Identifier: MIT */
/* foreign: are init and the sysroot for the same machine? */
#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "image/content.h"
#include "image/foreign.h"
#include "image/program.h"

static const char *const usual[] = { "modprobe", "sh", "mount" };

/* Of a program that is no ELF file, nothing is known. */
static int compare(const struct build *b, const struct elf *init, const char *path)
{
	_cleanup_free_ char *ours = NULL, *theirs = NULL;
	_cleanup_content_ struct content content = { 0 };
	_cleanup_close_ int fd = sysroot_open_file(&b->config->sysroot, path, O_RDONLY);
	struct elf elf;

	if (fd < 0 || content_open_fd(fd, &content) < 0 || elf_open(content.data, content.size, &elf) < 0)
		return -ENOENT;
	if (elf_same_machine(init, &elf))
		return 0;
	ours = elf_machine_name(init);
	theirs = elf_machine_name(&elf);
	log_error("cannot use %s/init: it is for %s, %s of %s for %s; --libexecdir names a directory with init and "
		  "shutdown for that",
		  b->config->programs, ours ?: "one machine", path, b->config->sysroot.path, theirs ?: "another");
	return -ENOEXEC;
}

static int read_init(const struct build *b, struct elf *ret)
{
	const struct tree_node *init = tree_lookup(&b->tree, "init");
	_cleanup_content_ struct content content = { 0 };
	int r = content_open(init, &content);

	if (r == 0)
		r = elf_open(content.data, content.size, ret);
	if (r < 0)
		log_error("cannot use %s as /init: %s", init->source, elf_error(r));
	return r;
}

int foreign_check(const struct build *b, struct elf *ret)
{
	int r = read_init(b, ret);

	if (r < 0)
		return r;
	r = -ENOENT;
	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(usual); i++) {
		_cleanup_free_ char *path = NULL;

		r = program_find(&b->config->sysroot, usual[i], &path);
		if (r == 0)
			r = compare(b, ret, path);
	}
	return r == -ENOENT ? 0 : r;
}
