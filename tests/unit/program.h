/* SPDX-License-Identifier: MIT */
/* program: small ELF programs and scripts as files of a scratch directory. */
#pragma once

#include <elf.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "unit/scratch.h"

#define FOREIGN EM_VAX

/* A small program: header, program headers, the interpreter's name, in one file. */
struct program {
	Elf64_Ehdr h;
	Elf64_Phdr p[2];
	char interp[64];
};

static inline unsigned short own_machine(void)
{
	_cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr h;

	assert_int_equal(read(fd, &h, sizeof(h)), sizeof(h));
	return h.e_machine;
}

static inline struct program program(const char *interp)
{
	struct program p = {
		.h = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = own_machine(),
			.e_phoff = offsetof(struct program, p),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = interp ? 2 : 1,
		},
		.p = {
			{ .p_type = PT_LOAD, .p_offset = 0, .p_filesz = sizeof(struct program) },
			{ .p_type = PT_INTERP, .p_offset = offsetof(struct program, interp) },
		},
	};

	if (interp) {
		p.p[1].p_filesz = strlen(interp) + 1;
		strcpy(p.interp, interp);
	}
	return p;
}

static inline void put(const struct scratch *s, const char *name, const void *data, size_t size, mode_t mode)
{
	scratch_write(s, name, data, size);
	assert_int_equal(fchmodat(s->fd, name, mode, 0), 0);
}

static inline void put_text(const struct scratch *s, const char *name, const char *text)
{
	put(s, name, text, strlen(text), 0755);
}

static inline void put_program(const struct scratch *s, const char *name, const struct program *p)
{
	put(s, name, p, sizeof(*p), 0755);
}
