/* SPDX-License-Identifier: MIT */
/* test-executable: what execve(2) would take inside another root, and what it would not. */
#include <elf.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/macro.h"
#include "base/spawn.h"
#include "init/executable.h"
#include "unit/program.h"

static void refused(const struct scratch *s, const char *path, int r, const char *why)
{
	char text[256] = "";
	int got = executable_check(s->fd, path, text, sizeof(text));

	if (got != r || !streq(text, why))
		fail_msg("%s: %d, %s", path, got, text);
}

#define accepted(s, path) refused(s, path, 0, "")

static void programs(void **state)
{
	const struct scratch *s = *state;
	struct program plain = program(NULL), linked = program("/lib/ld.so");

	assert_int_equal(mkdirat(s->fd, "lib", 0755), 0);
	put_program(s, "static", &plain);
	put_program(s, "dynamic", &linked);
	accepted(s, "/static");
	accepted(s, "static");
	refused(s, "/dynamic", -ENOENT, "its interpreter /lib/ld.so: No such file or directory");
	put_program(s, "lib/ld.so", &plain);
	accepted(s, "/dynamic");
}

static void what_is_no_program(void **state)
{
	const struct scratch *s = *state;
	struct program p = program(NULL);

	assert_int_equal(mkdirat(s->fd, "directory", 0755), 0);
	assert_int_equal(mkfifoat(s->fd, "fifo", 0755), 0);
	put_program(s, "plain", &p);
	assert_int_equal(fchmodat(s->fd, "plain", 0644, 0), 0);
	put_text(s, "empty", "");
	put_text(s, "short", "\177EL");
	put_text(s, "text", "echo hello\n");
	refused(s, "/missing", -ENOENT, "No such file or directory");
	refused(s, "/plain/x", -ENOTDIR, "Not a directory");
	refused(s, "/directory", -EACCES, "it is no regular file");
	/* Without waiting for a writer. */
	refused(s, "/fifo", -EACCES, "it is no regular file");
	refused(s, "/plain", -EACCES, "it is not executable (mode 0644)");
	refused(s, "/empty", -ENOEXEC, "it is neither an ELF program nor a script with #!");
	refused(s, "/short", -ENOEXEC, "it is neither an ELF program nor a script with #!");
	refused(s, "/text", -ENOEXEC, "it is neither an ELF program nor a script with #!");
	/* One x bit is enough for root. */
	assert_int_equal(fchmodat(s->fd, "plain", 0601, 0), 0);
	accepted(s, "/plain");
}

static void scripts(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *why;
	} rows[] = {
		{ "#!/sh\n", 0, NULL },
		{ "#!/sh", 0, NULL },
		{ "#! \t /sh -e\n", 0, NULL },
		{ "#!/sh\t-e\r\n", 0, NULL },
		{ "#!sh\n", 0, NULL },
		{ "#!/missing\n", -ENOENT, "its interpreter /missing: No such file or directory" },
		{ "#!/sh\r\n", -ENOENT,
		  "its interpreter /sh\r (the line ends in CR LF): No such file or directory" },
		{ "#!/directory\n", -EACCES, "its interpreter /directory: it is no regular file" },
		{ "#!/plain\n", -EACCES, "its interpreter /plain: it is not executable (mode 0644)" },
		{ "#!/text\n", -ENOEXEC,
		  "its interpreter /text: it is neither an ELF program nor a script with #!" },
		{ "#!/broken -x\n", -ENOENT,
		  "its interpreter /broken: its interpreter /missing: No such file or directory" },
		{ "#!\n", -ENOEXEC, "its #! names no interpreter" },
		{ "#! \t\n/sh\n", -ENOEXEC, "its #! names no interpreter" },
		{ "#!", -ENOEXEC, "its #! names no interpreter" },
	};
	const struct scratch *s = *state;
	struct program plain = program(NULL);

	put_program(s, "sh", &plain);
	put_program(s, "plain", &plain);
	assert_int_equal(fchmodat(s->fd, "plain", 0644, 0), 0);
	assert_int_equal(mkdirat(s->fd, "directory", 0755), 0);
	put_text(s, "text", "x");
	put_text(s, "broken", "#!/missing\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put_text(s, "init", rows[i].text);
		if (rows[i].r)
			refused(s, "/init", rows[i].r, rows[i].why);
		else
			accepted(s, "/init");
	}
}

/* Five are what the kernel follows. */
static void interpreters_of_interpreters(void **state)
{
	const struct scratch *s = *state;
	struct program plain = program(NULL);
	char text[256] = "";

	put_program(s, "0", &plain);
	for (int i = 1; i <= 6; i++) {
		char name[8], line[16];

		snprintf(name, sizeof(name), "%d", i);
		snprintf(line, sizeof(line), "#!/%d\n", i - 1);
		put_text(s, name, line);
	}
	accepted(s, "/5");
	assert_int_equal(executable_check(s->fd, "/6", text, sizeof(text)), -ELOOP);
	assert_non_null(strstr(text, "its interpreter /0: too many interpreters of interpreters"));
	put_text(s, "self", "#!/self\n");
	assert_int_equal(executable_check(s->fd, "/self", text, sizeof(text)), -ELOOP);
}

/* What the kernel reads of a script's first line is 256 bytes. */
static void long_first_line(void **state)
{
	const struct scratch *s = *state;
	struct program plain = program(NULL);
	char text[400], name[300];

	for (int length = 250; length <= 256; length++) {
		memset(name, 'x', sizeof(name));
		name[length] = '\0';
		memset(name, '/', 10);
		snprintf(text, sizeof(text), "#!%s\n", name);
		put_text(s, "init", text);
		put_program(s, name + 10, &plain);
		if (length < 254)
			accepted(s, "/init");
		else
			refused(s, "/init", -ENOEXEC, "the name of its interpreter is too long");
	}
}

static void links_stay_inside_the_root(void **state)
{
	const struct scratch *s = *state;
	struct program plain = program(NULL), linked = program("/lib64/ld.so");

	assert_int_equal(mkdirat(s->fd, "usr", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "usr/lib", 0755), 0);
	put_program(s, "usr/lib/systemd", &linked);
	put_program(s, "usr/lib/ld.so", &plain);
	assert_int_equal(symlinkat("/usr/lib", s->fd, "lib64"), 0);
	assert_int_equal(symlinkat("/usr/lib/systemd", s->fd, "absolute"), 0);
	assert_int_equal(symlinkat("usr/lib/systemd", s->fd, "relative"), 0);
	assert_int_equal(symlinkat("../../../../usr/lib/systemd", s->fd, "dots"), 0);
	assert_int_equal(symlinkat("dangling", s->fd, "dangling"), 0);
	/* It is there, but in our root, not in that one. */
	assert_int_equal(symlinkat("/proc/self/exe", s->fd, "outside"), 0);
	accepted(s, "/absolute");
	accepted(s, "/relative");
	accepted(s, "/dots");
	refused(s, "/dangling", -ELOOP, "Too many levels of symbolic links");
	refused(s, "/outside", -ENOENT, "No such file or directory");
}

static void damaged(void **state)
{
	static const char headers[] = "its ELF headers are damaged", name[] = "the name of its interpreter is damaged",
			  cut[] = "it is cut off: a segment lies beyond the file's end";
	const struct scratch *s = *state;
	struct program good = program("/ld.so"), plain = program(NULL), p;

	put_program(s, "ld.so", &plain);
#define BROKEN(change, why)                                 \
	do {                                                \
		p = good;                                   \
		change;                                     \
		put_program(s, "init", &p);                 \
		refused(s, "/init", -ENOEXEC, why);         \
	} while (0)
	BROKEN(p.h.e_type = ET_REL, "it is an ELF file, but no program");
	BROKEN(p.h.e_type = ET_CORE, "it is an ELF file, but no program");
	BROKEN(p.h.e_ident[EI_CLASS] = ELFCLASSNONE, headers);
	BROKEN(p.h.e_phnum = 0, headers);
	BROKEN(p.h.e_phnum = 0xffff, headers);
	BROKEN(p.h.e_phnum = 40, headers);
	BROKEN(p.h.e_phentsize = 32, headers);
	BROKEN(p.h.e_phoff = sizeof(p), headers);
	BROKEN(p.h.e_phoff = UINT64_MAX - 8, headers);
	BROKEN(p.h.e_phoff = INT64_MAX, headers);
	BROKEN(p.p[0].p_filesz++, cut);
	BROKEN(p.p[0].p_offset = 1, cut);
	BROKEN(p.p[0].p_offset = UINT64_MAX, cut);
	BROKEN(p.p[1].p_offset = sizeof(p), cut);
	BROKEN(p.p[1].p_filesz = UINT64_MAX, cut);
	BROKEN(p.p[1].p_filesz = 0, name);
	BROKEN(p.p[1].p_filesz = 1, name);
	BROKEN(p.p[1].p_filesz = 3, name);
	BROKEN(p.interp[0] = '\0', name);
#undef BROKEN
	/* Room for what is only in memory is no part of the file. */
	p = good;
	p.p[0].p_filesz = 0;
	p.p[0].p_offset = 1 << 20;
	put_program(s, "init", &p);
	accepted(s, "/init");
}

static void another_machine(void **state)
{
	const struct scratch *s = *state;
	struct program p = program(NULL);
	const unsigned short own = p.h.e_machine, others[] = { FOREIGN, own == EM_X86_64 ? EM_ARM : EM_386 };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char why[128];

		snprintf(why, sizeof(why), "it is for another machine (ELF machine %d, this one is %d)", others[i],
			 own);
		p.h.e_machine = others[i];
		put_program(s, "init", &p);
		refused(s, "/init", -ENOEXEC, why);
	}
}

static void more_than_fits(void **state)
{
	const struct scratch *s = *state;
	static struct {
		struct program p;
		Elf64_Phdr more[1200];
	} large;

	large.p = program("/x");
	large.p.h.e_phnum = 65536 / sizeof(Elf64_Phdr) + 1;
	put(s, "init", &large, sizeof(large), 0755);
	refused(s, "/init", -ENOEXEC, "its ELF headers are damaged");
	large.p.h.e_phnum = 2;
	large.p.p[1].p_filesz = PATH_MAX + 1;
	put(s, "init", &large, sizeof(large), 0755);
	refused(s, "/init", -ENOEXEC, "the name of its interpreter is damaged");
}

static void program_of_32_bits(void **state)
{
	static const unsigned short narrow[][2] = { { EM_X86_64, EM_386 }, { EM_AARCH64, EM_ARM } };
	const struct scratch *s = *state;
	unsigned short machine = own_machine();
	struct {
		Elf32_Ehdr h;
		Elf32_Phdr p[2];
		char interp[16];
	} p = { .interp = "/missing" };

	for (size_t i = 0; i < ARRAY_SIZE(narrow); i++)
		machine = machine == narrow[i][0] ? narrow[i][1] : machine;
	memcpy(p.h.e_ident, ELFMAG, SELFMAG);
	p.h.e_ident[EI_CLASS] = ELFCLASS32;
	p.h.e_type = ET_EXEC;
	p.h.e_machine = machine;
	p.h.e_phoff = sizeof(p.h);
	p.h.e_phentsize = sizeof(Elf32_Phdr);
	p.h.e_phnum = 2;
	p.p[0] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_filesz = sizeof(p) };
	p.p[1] = (Elf32_Phdr){ .p_type = PT_INTERP, .p_offset = sizeof(p) - 16, .p_filesz = 9 };
	put(s, "init", &p, sizeof(p), 0755);
	refused(s, "/init", -ENOENT, "its interpreter /missing: No such file or directory");
	p.h.e_phnum = 1;
	put(s, "init", &p, sizeof(p), 0755);
	accepted(s, "/init");
}

/* Every prefix of a program is refused or is the program. */
static void cut_off_anywhere(void **state)
{
	const struct scratch *s = *state;
	struct program p = program("/ld.so"), plain = program(NULL);
	char why[256];

	put_program(s, "ld.so", &plain);
	for (size_t n = 0; n < sizeof(p); n++) {
		put(s, "init", &p, n, 0755);
		assert_int_equal(executable_check(s->fd, "/init", why, sizeof(why)), -ENOEXEC);
		assert_true(*why);
	}
	put_program(s, "init", &p);
	accepted(s, "/init");
}

static bool kernel_runs(const char *path)
{
	const char *const argv[] = { path, NULL };
	struct spawn s = { .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
	int status = -1;

	return spawn_run(&s, clock_monotonic() + 20 * USEC_PER_SEC, &status) == 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* A real program and scripts around it: the kernel's own judgement is the same. */
static void the_kernel_agrees(void **state)
{
	static const char *const lines[][2] = {
		{ "#!", "/true\n" },  { "#!", "/true" },      { "#! ", "/true -x\n" }, { "#!", "/true\r\n" },
		{ "#!", "/none\n" },  { "#!", "/cut\n" },     { "#!", "\n" },          { "#!", "/first\n" },
		{ "#!", "/plain\n" }, { "#!", "/foreign\n" }, { "#!\n", "" },          { "x", "" },
	};
	const struct scratch *s = *state;
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	unsigned short foreign = FOREIGN;
	char path[128], why[256];
	size_t size, ran = 0;

	assert_int_equal(file_read(AT_FDCWD, "/bin/true", 1 << 24, &data, &size), 0);
	put(s, "true", data, size, 0755);
	put(s, "plain", data, size, 0644);
	put(s, "cut", data, 200, 0755);
	memcpy(data + offsetof(Elf64_Ehdr, e_machine), &foreign, sizeof(foreign));
	put(s, "foreign", data, size, 0755);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char line[128];
		bool runs;

		snprintf(line, sizeof(line), "%s%s%s", lines[i][0], s->path, lines[i][1]);
		put_text(s, i == 0 ? "first" : "init", line);
		snprintf(path, sizeof(path), "%s/%s", s->path, i == 0 ? "first" : "init");
		runs = kernel_runs(path);
		ran += runs;
		if (runs != (executable_check(root, path, why, sizeof(why)) == 0))
			fail_msg("%s: the kernel says %d", line, runs);
	}
	assert_int_equal(ran, 4);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(programs),
		in_scratch(what_is_no_program),
		in_scratch(scripts),
		in_scratch(interpreters_of_interpreters),
		in_scratch(long_first_line),
		in_scratch(links_stay_inside_the_root),
		in_scratch(damaged),
		in_scratch(another_machine),
		in_scratch(more_than_fits),
		in_scratch(program_of_32_bits),
		in_scratch(cut_off_anywhere),
		in_scratch(the_kernel_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
