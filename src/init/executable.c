/* SPDX-License-Identifier: MIT */
/* executable: what execve(2) would look at. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/inroot.h"
#include "base/macro.h"
#include "init/executable.h"

#define HEADER_BYTES 4096
#define PHDR_MAX     128

/* What our own program is; the kernel of a 64-bit machine runs its 32-bit programs too. */
static const struct machine {
	int machine, compatible;
} machines[] = {
	{ EM_X86_64,  EM_386     },
	{ EM_AARCH64, EM_ARM     },
	{ EM_RISCV,   EM_RISCV   },
	{ EM_PPC64,   EM_PPC64   },
	{ EM_S390,    EM_S390    },
	{ EM_386,     EM_386     },
	{ EM_ARM,     EM_ARM     },
};

static int own_machine(void)
{
	_cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr h; /* e_machine lies at the same place in both classes */

	if (fd < 0 || pread(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(Elf32_Ehdr))
		return -1;
	return h.e_machine;
}

static bool machine_fits(int machine)
{
	int own = own_machine();

	if (own < 0 || machine == own)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == own && machines[i].compatible == machine)
			return true;
	return false;
}

static int check_interpreter(int rootfd, const char *name, char *why, size_t size)
{
	_cleanup_close_ int fd = inroot_open(rootfd, name, O_PATH);

	if (fd >= 0)
		return 0;
	(void)snprintf(why, size, "its interpreter %s%s: %s", name,
		       *name && name[strlen(name) - 1] == '\r' ? " (the line ends in CR LF)" : "", strerror(-fd));
	return fd;
}

/* Offset and size of PT_INTERP; 0 when it has none. */
static size_t find_interp(int fd, const Elf64_Ehdr *h, off_t *ret)
{
	bool wide = h->e_ident[EI_CLASS] == ELFCLASS64;
	const Elf32_Ehdr *h32 = (const void *)h;
	off_t at = wide ? (off_t)h->e_phoff : h32->e_phoff;
	unsigned int n = wide ? h->e_phnum : h32->e_phnum;

	for (unsigned int i = 0; i < MIN(n, (unsigned int)PHDR_MAX); i++) {
		union {
			Elf64_Phdr p64;
			Elf32_Phdr p32;
		} p;
		size_t bytes = wide ? sizeof(p.p64) : sizeof(p.p32);

		if (pread(fd, &p, bytes, at + (off_t)(i * bytes)) != (ssize_t)bytes)
			return 0;
		if ((wide ? p.p64.p_type : p.p32.p_type) != PT_INTERP)
			continue;
		*ret = wide ? (off_t)p.p64.p_offset : (off_t)p.p32.p_offset;
		return wide ? p.p64.p_filesz : p.p32.p_filesz;
	}
	return 0;
}

static int check_elf(int rootfd, int fd, const Elf64_Ehdr *h, char *why, size_t size)
{
	char name[PATH_MAX] = "";
	off_t at;
	size_t n;

	if (h->e_type != ET_EXEC && h->e_type != ET_DYN) {
		(void)snprintf(why, size, "it is an ELF file, but no program");
		return -ENOEXEC;
	}
	if (!machine_fits(h->e_machine)) {
		(void)snprintf(why, size, "it is for another machine (ELF machine %d, this one is %d)", h->e_machine,
			       own_machine());
		return -ENOEXEC;
	}
	n = find_interp(fd, h, &at);
	if (n == 0)
		return 0;
	if (n >= sizeof(name) || pread(fd, name, n, at) != (ssize_t)n) {
		(void)snprintf(why, size, "its ELF headers are damaged");
		return -ENOEXEC;
	}
	return check_interpreter(rootfd, name, why, size);
}

/* "#! /bin/sh -e": the first word; a CR belongs to it, as it does for the kernel. */
static int check_script(int rootfd, char *line, char *why, size_t size)
{
	char *name = line + 2 + strspn(line + 2, " \t");

	name[strcspn(name, " \t\n")] = '\0';
	return check_interpreter(rootfd, name, why, size);
}

int executable_check(int rootfd, const char *path, char *why, size_t size)
{
	_cleanup_close_ int fd = inroot_open(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	union {
		Elf64_Ehdr elf;
		char text[HEADER_BYTES + 1];
	} header = { .text = "" };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int r = fd < 0 ? fd : -errno;

		(void)snprintf(why, size, "%s", strerror(-r));
		return r;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)snprintf(why, size, "it is no regular file");
		return -EACCES;
	}
	if (!(st.st_mode & 0111)) {
		(void)snprintf(why, size, "it is not executable (mode %04o)", st.st_mode & 07777);
		return -EACCES;
	}
	if (pread(fd, header.text, HEADER_BYTES, 0) > (ssize_t)sizeof(Elf64_Ehdr) &&
	    memcmp(header.text, ELFMAG, SELFMAG) == 0)
		return check_elf(rootfd, fd, &header.elf, why, size);
	if (startswith(header.text, "#!"))
		return check_script(rootfd, header.text, why, size);
	(void)snprintf(why, size, "it is neither an ELF program nor a script with #!");
	return -ENOEXEC;
}
