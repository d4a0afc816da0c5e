/* SPDX-License-Identifier: MIT */
/* test-pe: sections of a PE file, whole ones, ones in memory only, ones that lie outside. */
#include <errno.h>

#include "image/pe.h"
#include "unit/unit.h"

#define TABLE (64 + 4 + 20 + 8) /* with 8 bytes of an optional header */

struct file {
	uint8_t data[512];
};

static void put(struct file *f, size_t at, uint32_t value)
{
	for (size_t i = 0; i < 4; i++)
		f->data[at + i] = (uint8_t)(value >> (8 * i));
}

static struct file make(unsigned int sections)
{
	struct file f = { .data = "MZ" };

	put(&f, 60, 64);
	memcpy(f.data + 64, "PE\0\0\x64\x86", 6);
	f.data[70] = (uint8_t)sections;
	f.data[84] = 8;
	return f;
}

static void put_section(struct file *f, unsigned int i, const char *name, uint32_t virtual_size, uint32_t raw_size,
			uint32_t offset)
{
	size_t at = TABLE + i * 40;

	memcpy(f->data + at, name, strlen(name));
	put(f, at + 8, virtual_size);
	put(f, at + 16, raw_size);
	put(f, at + 20, offset);
}

static void sections_are_found(void **state)
{
	_cleanup_free_ struct pe_section *s = NULL;
	struct file f = make(4);
	size_t n;

	put_section(&f, 0, ".padded", 3, 64, 448);
	put_section(&f, 1, ".eight.c", 64, 32, 480);
	put_section(&f, 2, ".bss", 4096, 0, 0xffffffff);
	put_section(&f, 3, ".old", 0, 16, 496);
	assert_true(pe_is(f.data, sizeof(f)));
	assert_int_equal(pe_sections(f.data, sizeof(f), &s, &n), 0);
	assert_int_equal(n, 4);
	assert_string_equal(s[0].name, ".padded");
	assert_int_equal(s[0].offset, 448);
	assert_int_equal(s[0].size, 3);
	assert_string_equal(s[1].name, ".eight.c");
	assert_int_equal(s[1].size, 32);
	assert_int_equal(s[2].offset, 0);
	assert_int_equal(s[2].size, 0);
	assert_int_equal(s[3].size, 16);
}

static void outside_is_refused(void **state)
{
	static const struct {
		uint32_t size, offset;
	} cases[] = { { 1, 512 }, { 513, 0 }, { 32, 481 }, { 0xffffffff, 2 }, { 2, 0xffffffff } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pe_section *s;
		struct file f = make(1);
		size_t n;

		put_section(&f, 0, ".initrd", cases[i].size, cases[i].size, cases[i].offset);
		assert_int_equal(pe_sections(f.data, sizeof(f), &s, &n), -EBADMSG);
	}
}

static void headers_that_are_cut_off(void **state)
{
	struct file f = make(1);

	put_section(&f, 0, ".initrd", 1, 1, 0);
	for (size_t size = 0; size < TABLE + 40; size++) {
		_cleanup_free_ uint8_t *exact = malloc(size + 1);
		struct pe_section *s;
		size_t n;

		assert_non_null(exact);
		memcpy(exact, f.data, size);
		assert_int_equal(pe_is(exact, size), size >= 64 + 4 + 20);
		assert_int_equal(pe_sections(exact, size, &s, &n), -EBADMSG);
	}
}

static void layout(void **state)
{
	struct pe_layout l;
	struct file f = make(2);

	/* A PE32 header of 36 bytes: base at 28, alignment at 32; its sections then begin later. */
	f.data[84] = 36;
	put(&f, 88, 0x10b);
	put(&f, 88 + 28, 0x400000);
	put(&f, 88 + 32, 4096);
	for (unsigned int i = 0; i < 2; i++) {
		size_t at = 88 + 36 + i * 40;

		put(&f, at + 8, i ? 0x10 : 0x234);
		put(&f, at + 12, i ? 0x1000 : 0x3000);
	}
	assert_int_equal(pe_layout(f.data, sizeof(f), &l), 0);
	assert_int_equal(l.machine, 0x8664);
	assert_int_equal(l.base, 0x400000);
	assert_int_equal(l.alignment, 4096);
	assert_int_equal(l.end, 0x3234);
	/* PE32+ */
	put(&f, 88, 0x20b);
	put(&f, 88 + 24, 0x80000000);
	put(&f, 88 + 28, 1);
	assert_int_equal(pe_layout(f.data, sizeof(f), &l), 0);
	assert_int_equal(l.base, 0x180000000);
	put(&f, 88 + 32, 4095);
	assert_int_equal(pe_layout(f.data, sizeof(f), &l), -EBADMSG);
	put(&f, 88 + 32, 4096);
	f.data[84] = 35;
	assert_int_equal(pe_layout(f.data, sizeof(f), &l), -EBADMSG);
}

static void time_is_set(void **state)
{
	struct file f = make(1), before;

	f.data[84] = 68;
	before = f;
	assert_int_equal(pe_set_time(f.data, sizeof(f), 0x04030201), 0);
	assert_memory_equal(f.data + 72, "\1\2\3\4", 4);
	/* 0x5a4d + 0x40 + 0x4550 + 0x8664 + 1 + 68 + 0x0201 + 0x0403, folded, and the size */
	assert_memory_equal(f.data + 88 + 64, "\x8b\x2e\0\0", 4);
	memset(f.data + 72, 0, 4);
	memset(f.data + 88 + 64, 0, 4);
	assert_memory_equal(f.data, before.data, sizeof(f));
	assert_int_equal(pe_set_time(f.data, 88 + 67, 1), -EBADMSG);
	f.data[84] = 67;
	assert_int_equal(pe_set_time(f.data, sizeof(f), 1), -EBADMSG);
}

static void other_files(void **state)
{
	struct file f = make(1);

	put(&f, 60, 0xfffffff0);
	assert_false(pe_is(f.data, sizeof(f)));
	put(&f, 60, 65);
	assert_false(pe_is(f.data, sizeof(f)));
	f = make(1);
	f.data[0] = 'm';
	assert_false(pe_is(f.data, sizeof(f)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_found),
		cmocka_unit_test(outside_is_refused),
		cmocka_unit_test(headers_that_are_cut_off),
		cmocka_unit_test(layout),
		cmocka_unit_test(time_is_set),
		cmocka_unit_test(other_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
