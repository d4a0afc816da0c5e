/* SPDX-License-Identifier: MIT */
/* test-elf: what a program or library needs, read from files of both classes and byte orders. */
#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "image/elf.h"
#include "unit/image/elf-maker.h"
#include "unit/unit.h"

static const struct kind {
	bool wide, big;
	uint16_t machine;
	const char *name;
} kinds[] = {
	{ true, false, EM_X86_64, "64-bit x86-64" },
	{ false, false, EM_386, "32-bit x86" },
	{ true, true, EM_S390, "64-bit S/390, big-endian" },
	{ false, true, EM_PPC, "32-bit PowerPC, big-endian" },
	{ true, false, 9999, "64-bit machine 9999" },
};

static struct maker full_program(const struct kind *k)
{
	struct maker m = maker_new(k->wide, k->big, ET_DYN, k->machine);

	maker_interpreter(&m, "/lib/ld.so");
	maker_needed(&m, "libone.so.1");
	maker_needed(&m, "libtwo.so.2");
	maker_dynamic(&m, DT_RUNPATH, maker_string(&m, "$ORIGIN/../lib"));
	maker_dynamic(&m, DT_RPATH, maker_string(&m, "/old"));
	maker_dynamic(&m, DT_SONAME, maker_string(&m, "libself.so.3"));
	maker_needs_version(&m, "libone.so.1", "ONE_1.0", 0);
	maker_needs_version(&m, "libtwo.so.2", "TWO_2.0", VER_FLG_WEAK);
	maker_defines_version(&m, "libself.so.3");
	maker_defines_version(&m, "SELF_3.1");
	maker_note(&m, "GNU", 1, "other");
	maker_note(&m, "FDO", 7, "first");
	maker_note(&m, "FDO", 7, "second, of another length");
	maker_finish(&m);
	return m;
}

struct seen {
	char text[256];
};

static int append(const struct elf_version *v, void *data)
{
	struct seen *seen = data;
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%s:%s%s ", v->file ?: "",
		 v->version, v->weak ? "(weak)" : "");
	return 0;
}

static int stop(const struct elf_version *v, void *data)
{
	return append(v, data) == 0 ? 42 : 0;
}

static void reads_all_kinds(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct maker m = full_program(&kinds[i]);
		_cleanup_free_ char *name = NULL;
		struct seen needed = { 0 }, defined = { 0 };
		uint64_t state_of = 0;
		struct elf e;

		assert_int_equal(elf_open(m.data, sizeof(m.data), &e), 0);
		assert_true(elf_is_loadable(&e));
		assert_string_equal(e.interpreter, "/lib/ld.so");
		assert_string_equal(e.runpath, "$ORIGIN/../lib");
		assert_string_equal(e.rpath, "/old");
		assert_string_equal(e.soname, "libself.so.3");
		assert_string_equal(elf_next_needed(&e, &state_of), "libone.so.1");
		assert_string_equal(elf_next_needed(&e, &state_of), "libtwo.so.2");
		assert_null(elf_next_needed(&e, &state_of));
		assert_int_equal(elf_each_needed_version(&e, append, &needed), 0);
		assert_string_equal(needed.text,
				    "libone.so.1:ONE_1.0 libtwo.so.2:TWO_2.0(weak) ");
		assert_int_equal(elf_each_defined_version(&e, append, &defined), 0);
		assert_string_equal(defined.text, ":libself.so.3 :SELF_3.1 ");
		name = elf_machine_name(&e);
		assert_string_equal(name, kinds[i].name);
	}
}

static void a_callback_ends_the_walk(void **state)
{
	struct maker m = full_program(&kinds[0]);
	struct seen seen = { 0 };
	struct elf e;

	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), 0);
	assert_int_equal(elf_each_needed_version(&e, stop, &seen), 42);
	assert_string_equal(seen.text, "libone.so.1:ONE_1.0 ");
	assert_int_equal(elf_each_defined_version(&e, stop, &seen), 42);
}

static void finds_notes_by_owner_and_type(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct maker m = full_program(&kinds[i]);
		uint64_t at = 0, other = 0, size;
		struct elf e;

		assert_int_equal(elf_open(m.data, sizeof(m.data), &e), 0);
		assert_string_equal(elf_next_note(&e, "FDO", 7, &at, &size), "first");
		assert_int_equal(size, sizeof("first"));
		assert_string_equal(elf_next_note(&e, "FDO", 7, &at, &size),
				    "second, of another length");
		assert_null(elf_next_note(&e, "FDO", 7, &at, &size));
		assert_null(elf_next_note(&e, "FDO", 1, &other, &size));
	}
}

static void tells_machines_apart(void **state)
{
	struct elf a, b;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			struct maker m = full_program(&kinds[i]), n = full_program(&kinds[k]);

			assert_int_equal(elf_open(m.data, sizeof(m.data), &a), 0);
			assert_int_equal(elf_open(n.data, sizeof(n.data), &b), 0);
			assert_int_equal(elf_same_machine(&a, &b), i == k);
		}
}

static void an_object_file_is_not_loadable(void **state)
{
	struct maker m = maker_new(true, false, ET_REL, EM_X86_64);
	struct elf e;

	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), 0);
	assert_false(elf_is_loadable(&e));
}

static void what_is_no_elf_is_told_from_what_is_damaged(void **state)
{
	struct maker m = full_program(&kinds[0]);
	struct elf e;

	assert_int_equal(elf_open("#!/bin/sh\n: a longer script\n", 28, &e), -ENOEXEC);
	assert_int_equal(elf_open("", 0, &e), -ENOEXEC);
	m.data[EI_CLASS] = 9;
	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), -EBADMSG);
	m.data[EI_CLASS] = ELFCLASS64;
	m.data[EI_DATA] = 0;
	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), -EBADMSG);
}

/* Everything that a caller does with one, on a copy of exactly that size, for ASan. */
static void use(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *exact = malloc(size + 1);
	struct seen seen = { 0 };
	uint64_t at = 0, note = 0, note_size;
	struct elf e;

	assert_non_null(exact);
	memcpy(exact + 1, data, size);
	if (elf_open(exact + 1, size, &e) < 0)
		return;
	while (elf_next_needed(&e, &at))
		;
	while (elf_next_note(&e, "FDO", 7, &note, &note_size))
		;
	(void)elf_each_needed_version(&e, append, &seen);
	(void)elf_each_defined_version(&e, append, &seen);
}

static void damage_is_survived(void **state)
{
	struct maker m = full_program(&kinds[0]);
	struct elf e;

	for (size_t size = 0; size < MAKER_SIZE; size += size < 1600 ? 1 : 37)
		use(m.data, size);
	/* The file that ends before its tables is damaged, not merely smaller. */
	assert_int_equal(elf_open(m.data, DYNAMIC_AT, &e), -EBADMSG);
	assert_int_equal(elf_open(m.data, STRINGS_AT, &e), -EBADMSG);
	for (size_t at = 0; at < INTERPRETER_AT + 256; at++) {
		struct maker damaged = m;

		damaged.data[at] = 0xff;
		use(damaged.data, sizeof(damaged.data));
		damaged.data[at] = 0x80;
		use(damaged.data, sizeof(damaged.data));
	}
}

static void a_string_must_end_in_its_table(void **state)
{
	struct maker m = maker_new(true, false, ET_DYN, EM_X86_64);
	struct elf e;

	maker_needed(&m, "libone.so.1");
	maker_finish(&m);
	/* The table's size, cut down to the middle of the name. */
	for (size_t at = DYNAMIC_AT; at < DYNAMIC_AT + m.dynamic; at += sizeof(Elf64_Dyn))
		if (m.data[at] == DT_STRSZ)
			m.data[at + 8] = 5;
	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), -EBADMSG);
}

static void the_string_table_must_lie_in_the_file(void **state)
{
	struct maker m = maker_new(true, false, ET_DYN, EM_X86_64);
	struct elf e;

	maker_finish(&m);
	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), 0);
	for (size_t at = DYNAMIC_AT; at < DYNAMIC_AT + m.dynamic; at += sizeof(Elf64_Dyn))
		if (m.data[at] == DT_STRSZ)
			m.data[at + 8 + 2] = 1;
	assert_int_equal(elf_open(m.data, sizeof(m.data), &e), -EBADMSG);
}

static void reads_this_program(void **state)
{
	_cleanup_free_ char *data = NULL;
	bool libc = false;
	uint64_t at = 0;
	const char *name;
	struct elf e;
	size_t size;

	assert_int_equal(file_read(AT_FDCWD, "/proc/self/exe", 64 << 20, &data, &size), 0);
	assert_int_equal(elf_open(data, size, &e), 0);
	assert_true(elf_is_loadable(&e));
	assert_non_null(startswith(e.interpreter, "/lib"));
	while ((name = elf_next_needed(&e, &at)))
		libc |= startswith(name, "libc.so.") != NULL;
	assert_true(libc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_kinds),
		cmocka_unit_test(a_callback_ends_the_walk),
		cmocka_unit_test(finds_notes_by_owner_and_type),
		cmocka_unit_test(tells_machines_apart),
		cmocka_unit_test(an_object_file_is_not_loadable),
		cmocka_unit_test(what_is_no_elf_is_told_from_what_is_damaged),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(a_string_must_end_in_its_table),
		cmocka_unit_test(the_string_table_must_lie_in_the_file),
		cmocka_unit_test(reads_this_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
