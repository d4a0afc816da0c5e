/* SPDX-License-Identifier: MIT */
/* executable: what execve(2) would look at. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/inroot.h"
#include "base/macro.h"
#include "init/executable.h"

#define HEADER_BYTES 256   /* BINPRM_BUF_SIZE: what execve(2) itself reads */
#define PHDRS_BYTES  65536 /* fs/binfmt_elf.c: load_elf_phdrs() */
#define DEPTH_MAX    5     /* fs/exec.c: exec_binprm() */

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

/* A file on its way to be executed, and where the reason goes. */
struct candidate {
	int rootfd, fd, depth;
	uint64_t size;
	char *why;
	size_t why_size;
};

static int _printf_(2, 3) refuse(const struct candidate *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->why, c->why_size, fmt, ap);
	va_end(ap);
	return -ENOEXEC;
}

static int check_file(struct candidate *c, const char *path);

static int check_interpreter(const struct candidate *c, const char *name)
{
	char why[256];
	struct candidate interpreter = {
		.rootfd = c->rootfd, .depth = c->depth + 1, .why = why, .why_size = sizeof(why),
	};
	int r = check_file(&interpreter, name);

	if (r < 0)
		(void)refuse(c, "its interpreter %s%s: %s", name,
			     endswith(name, "\r") ? " (the line ends in CR LF)" : "", why);
	return r;
}

/* What of a program header counts here, of either class. */
struct segment {
	uint32_t type;
	uint64_t offset, size;
};

static int read_segment(const struct candidate *c, bool wide, uint64_t at, struct segment *ret)
{
	union {
		Elf64_Phdr p64;
		Elf32_Phdr p32;
	} p;
	size_t n = wide ? sizeof(p.p64) : sizeof(p.p32);

	if (pread(c->fd, &p, n, (off_t)at) != (ssize_t)n)
		return refuse(c, "its ELF headers are damaged");
	if (wide)
		*ret = (struct segment){ p.p64.p_type, p.p64.p_offset, p.p64.p_filesz };
	else
		*ret = (struct segment){ p.p32.p_type, p.p32.p_offset, p.p32.p_filesz };
	if ((ret->type != PT_LOAD && ret->type != PT_INTERP) || ret->size == 0)
		return 0;
	if (ret->offset > c->size || ret->size > c->size - ret->offset)
		return refuse(c, "it is cut off: a segment lies beyond the file's end");
	return 0;
}

/* Leaves `ret` as it is where there is no PT_INTERP. */
static int read_interp(const struct candidate *c, const Elf64_Ehdr *h, char ret[PATH_MAX])
{
	const Elf32_Ehdr *h32 = (const void *)h;
	bool wide = h->e_ident[EI_CLASS] == ELFCLASS64;
	uint64_t at = wide ? h->e_phoff : h32->e_phoff;
	size_t n = wide ? h->e_phnum : h32->e_phnum, each = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if ((wide ? h->e_phentsize : h32->e_phentsize) != each || n == 0 || n * each > PHDRS_BYTES)
		return refuse(c, "its ELF headers are damaged");
	for (size_t i = 0; i < n; i++) {
		struct segment s = { 0 };
		int r = read_segment(c, wide, at + i * each, &s);

		if (r < 0)
			return r;
		if (s.type != PT_INTERP || *ret)
			continue;
		if (s.size > PATH_MAX || pread(c->fd, ret, s.size, (off_t)s.offset) != (ssize_t)s.size ||
		    !*ret || ret[s.size - 1])
			return refuse(c, "the name of its interpreter is damaged");
	}
	return 0;
}

static int check_elf(const struct candidate *c, const Elf64_Ehdr *h)
{
	char name[PATH_MAX] = "";
	int r;

	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return refuse(c, "it is an ELF file, but no program");
	if (!machine_fits(h->e_machine))
		return refuse(c, "it is for another machine (ELF machine %d, this one is %d)", h->e_machine,
			      own_machine());
	r = read_interp(c, h, name);
	return r < 0 || !*name ? r : check_interpreter(c, name);
}

/* "#! /bin/sh -e": the first word; a CR belongs to it, as it does for the kernel. */
static int check_script(const struct candidate *c, char text[HEADER_BYTES])
{
	char *name = text + 2 + strspn(text + 2, " \t");
	size_t n = strcspn(name, " \t\n");

	if (n == 0)
		return refuse(c, "its #! names no interpreter");
	if (name + n == text + HEADER_BYTES)
		return refuse(c, "the name of its interpreter is too long");
	name[n] = '\0';
	return check_interpreter(c, name);
}

static int check_content(const struct candidate *c)
{
	union {
		Elf64_Ehdr elf;
		char text[HEADER_BYTES + 1];
	} header = { .text = "" };
	ssize_t n = pread(c->fd, header.text, HEADER_BYTES, 0);

	if (n < 0)
		return refuse(c, "%s", strerror(errno));
	if (memcmp(header.text, ELFMAG, SELFMAG) == 0)
		return check_elf(c, &header.elf);
	if (startswith(header.text, "#!"))
		return check_script(c, header.text);
	return refuse(c, "it is neither an ELF program nor a script with #!");
}

static int check_file(struct candidate *c, const char *path)
{
	_cleanup_close_ int fd = inroot_open(c->rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct statvfs vfs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatvfs(fd, &vfs) < 0) {
		int r = fd < 0 ? fd : -errno;

		(void)refuse(c, "%s", strerror(-r));
		return r;
	}
	if (c->depth > DEPTH_MAX) {
		(void)refuse(c, "too many interpreters of interpreters");
		return -ELOOP;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)refuse(c, "it is no regular file");
		return -EACCES;
	}
	if (!(st.st_mode & 0111)) {
		(void)refuse(c, "it is not executable (mode %04o)", st.st_mode & 07777);
		return -EACCES;
	}
	/* rootflags=noexec, or a /usr that fstab has so. */
	if (vfs.f_flag & ST_NOEXEC) {
		(void)refuse(c, "it lies on a file system that is mounted noexec");
		return -EACCES;
	}
	c->fd = fd;
	c->size = (uint64_t)st.st_size;
	return check_content(c);
}

int executable_check(int rootfd, const char *path, char *why, size_t size)
{
	struct candidate c = { .rootfd = rootfd, .why = why, .why_size = size };

	return check_file(&c, path);
}
