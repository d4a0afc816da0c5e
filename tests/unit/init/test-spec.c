/* SPDX-License-Identifier: MIT */
/*
 * test-spec: the spellings of a block device.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <sys/sysmacros.h>

#include "base/macro.h"
#include "init/spec.h"
#include "unit/memory.h"

static const struct row {
	const char *text;
	enum spec_kind kind;
	const char *value;
	unsigned int major, minor;
	int part_offset;
} rows[] = {
	{ "UUID=0a-1B", SPEC_UUID, "0a-1B", 0, 0, 0 },
	{ "UUID=\"0a-1B\"", SPEC_UUID, "0a-1B", 0, 0, 0 },
	{ "UUID='0a-1B'", SPEC_UUID, "0a-1B", 0, 0, 0 },
	{ "UUID=\"0a-1B'", SPEC_UUID, "\"0a-1B'", 0, 0, 0 },
	{ "UUID=\"", SPEC_UUID, "\"", 0, 0, 0 },
	{ "LABEL=my root", SPEC_LABEL, "my root", 0, 0, 0 },
	/* As it is: only udev's names have escapes. */
	{ "LABEL=a\\x20b/../c", SPEC_LABEL, "a\\x20b/../c", 0, 0, 0 },
	{ "PARTUUID=ab-01", SPEC_PARTUUID, "ab-01", 0, 0, 0 },
	{ "PARTUUID=ab/PARTNROFF=3", SPEC_PARTUUID, "ab", 0, 0, 3 },
	{ "PARTUUID=ab/PARTNROFF=-3", SPEC_PARTUUID, "ab", 0, 0, -3 },
	{ "PARTUUID=ab/PARTNROFF=65535", SPEC_PARTUUID, "ab", 0, 0, 65535 },
	{ "PARTLABEL=a/b", SPEC_PARTLABEL, "a/b", 0, 0, 0 },
	{ "/dev/disk/by-uuid/x", SPEC_UUID, "x", 0, 0, 0 },
	{ "/dev/disk/by-label/a\\x2fb\\x20c", SPEC_LABEL, "a/b c", 0, 0, 0 },
	{ "/dev/disk/by-label/v\xc3\xb6\\xc3\\xa4", SPEC_LABEL, "v\xc3\xb6\xc3\xa4", 0, 0, 0 },
	{ "/dev/disk/by-label/\\x5cx20", SPEC_LABEL, "\\x20", 0, 0, 0 },
	{ "/dev/disk/by-label/a\\x0g\\x2\\n\\x00b", SPEC_LABEL, "a\\x0g\\x2\\n\\x00b", 0, 0, 0 },
	{ "/dev/disk/by-partuuid/p/PARTNROFF=1", SPEC_PARTUUID, "p", 0, 0, 1 },
	{ "/dev/disk/by-partlabel/EFI\\x20system", SPEC_PARTLABEL, "EFI system", 0, 0, 0 },
	{ "/dev/disk/by-diskseq/12-part3", SPEC_DISKSEQ, "12-part3", 0, 0, 0 },
	{ "/dev/disk/by-id/virtio-1", SPEC_ID, "virtio-1", 0, 0, 0 },
	{ "/dev/disk/by-path/pci-0000:00:04.0-part1", SPEC_PATH, "pci-0000:00:04.0-part1", 0, 0, 0 },
	{ "/dev/mapper/vg-root", SPEC_DM_NAME, "vg-root", 0, 0, 0 },
	{ "/dev/vda1", SPEC_NAME, "vda1", 0, 0, 0 },
	{ "/dev/cciss/c0d0p1", SPEC_NAME, "cciss/c0d0p1", 0, 0, 0 },
	{ "/dev/a..b", SPEC_NAME, "a..b", 0, 0, 0 },
	{ "/dev/disk/by-other/x", SPEC_NAME, "disk/by-other/x", 0, 0, 0 },
	{ "8:1", SPEC_DEVNO, "8:1", 8, 1, 0 },
	{ "/dev/block/259:3", SPEC_DEVNO, "259:3", 259, 3, 0 },
	{ "4095:1048575", SPEC_DEVNO, "4095:1048575", 4095, 1048575, 0 },
	{ "801", SPEC_DEVNO, "801", 8, 1, 0 },
	{ "0x801", SPEC_DEVNO, "0x801", 8, 1, 0 },
	{ "fe01", SPEC_DEVNO, "fe01", 254, 1, 0 },
	/* new_decode_dev(): the minor's upper bits lie above the major. */
	{ "00110301", SPEC_DEVNO, "00110301", 0x103, 0x101, 0 },
	{ "ffffffff", SPEC_DEVNO, "ffffffff", 0xfff, 0xfffff, 0 },
};

static void spellings(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(spec_free) struct spec s = { 0 };
		const struct row *row = &rows[i];
		int r = spec_parse(row->text, &s);

		if (r != 0 || s.kind != row->kind || !streq(s.value, row->value) ||
		    s.devno != makedev(row->major, row->minor) || s.part_offset != row->part_offset)
			fail_msg("<%s>: %d, kind %d, value <%s>, %u:%u, offset %d", row->text, r, s.kind,
				 r ? "" : s.value, major(s.devno), minor(s.devno), s.part_offset);
		/* Messages name it as it was written. */
		assert_string_equal(s.text, row->text);
	}
}

static void what_names_no_block_device(void **state)
{
	static const char *const texts[] = {
		"", "UUID=", "UUID=\"\"", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/", "/dev/mapper/",
		"/dev/disk/by-uuid/", "/dev/block/", "/", "/etc/passwd", "/deva", "dev/vda", "vda", "uuid=a",
		"//nfs/share", "host:/share", "overlay", "tmpfs", "none", "zfs:rpool",
		"/dev/..", "/dev/../etc", "/dev/a/../b", "/dev/a/..", "/dev/mapper/../x", "/dev/disk/by-id/../x",
		/* Decoded before it is judged. */
		"/dev/\\x2e\\x2e/etc", "/dev/disk/by-label/\\x2e.",
		":", "8:", ":1", "8:1:2", "8:1x", " 8:1", "8: 1", "-8:1", "8:-1", "+8:1", "4096:1", "8:1048576",
		"4294967304:1", "8:4294967297", "99999999999999999999:1", "/dev/block/sda",
		"0", "0x", "0x0", "-801", "801x", "100000000", "fffffffffffffffff",
		"PARTUUID=a/b", "PARTUUID=a/PARTNROFF=", "PARTUUID=a/PARTNROFF=x", "PARTUUID=a/PARTNROFF=1x",
		"PARTUUID=a/PARTNROFF=65536", "PARTUUID=a/PARTNROFF=--1", "PARTUUID=a/PARTNROFF=2147483648",
		"PARTUUID=a/partnroff=1", "PARTUUID=/PARTNROFF=1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct spec s = { .part_offset = 4711 };
		int r = spec_parse(texts[i], &s);

		if (r != -EINVAL)
			fail_msg("<%s>: %d", texts[i], r);
		/* Untouched on failure. */
		assert_int_equal(s.part_offset, 4711);
		assert_null(s.text);
	}
}

static void nodes_of_udev(void **state)
{
	static const char *const pairs[][2] = {
		{ "UUID=0a-1B", "/dev/disk/by-uuid/0a-1B" },
		{ "LABEL=a b/c", "/dev/disk/by-label/a\\x20b\\x2fc" },
		{ "LABEL=#+-.:=@_", "/dev/disk/by-label/#+-.:=@_" },
		{ "LABEL=\\x20'\"$*", "/dev/disk/by-label/\\x5cx20\\x27\\x22\\x24\\x2a" },
		{ "LABEL=v\xc3\xb6", "/dev/disk/by-label/v\xc3\xb6" },
		{ "PARTUUID=p", "/dev/disk/by-partuuid/p" },
		{ "PARTLABEL=\"EFI system\"", "/dev/disk/by-partlabel/EFI\\x20system" },
		{ "/dev/disk/by-label/a\\x20b", "/dev/disk/by-label/a\\x20b" },
		{ "/dev/vda1", "/dev/vda1" },
		{ "8:1", "8:1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_cleanup_(spec_free) struct spec s = { 0 };
		_cleanup_free_ char *node = NULL;

		assert_int_equal(spec_parse(pairs[i][0], &s), 0);
		assert_int_equal(spec_udev_node(&s, &node), 0);
		assert_string_equal(node, pairs[i][1]);
	}
}

static void freed_twice_is_freed_once(void **state)
{
	struct spec s = { 0 };

	assert_int_equal(spec_parse("/dev/vda", &s), 0);
	spec_free(&s);
	assert_int_equal(s.kind, SPEC_NONE);
	assert_null(s.text);
	spec_free(&s);
}

static int parse_one(void *data)
{
	_cleanup_(spec_free) struct spec s = { 0 };
	_cleanup_free_ char *node = NULL;
	int r = spec_parse(data, &s);

	return r < 0 ? r : spec_udev_node(&s, &node);
}

static void out_of_memory_is_reported(void **state)
{
	/* The text and the value; a number is divided. The node and the name in it. */
	assert_int_equal(memory_sweep(parse_one, (char *)"UUID=x"), 4);
	assert_int_equal(memory_sweep(parse_one, (char *)"UUID=\"x\""), 4);
	assert_int_equal(memory_sweep(parse_one, (char *)"8:1"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),
		cmocka_unit_test(what_names_no_block_device),
		cmocka_unit_test(nodes_of_udev),
		cmocka_unit_test(freed_twice_is_freed_once),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
