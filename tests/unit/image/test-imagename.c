/* SPDX-License-Identifier: MIT */
/* test-imagename: the names of the distributions. */
#include "image/imagename.h"
#include "unit/image/root.h"

#define KVER "6.12.1"

static void names(void **state)
{
	static const struct {
		const char *release, *pkgbase; /* NULL: no such file */
		const char *name;
	} rows[] = {
		{ NULL, NULL, "boot/initrd.img-" KVER },
		{ "", NULL, "boot/initrd.img-" KVER },
		{ "ID=debian\n", NULL, "boot/initrd.img-" KVER },
		{ "ID=debian\n", "linux", "boot/initrd.img-" KVER },
		{ "ID=ubuntu\nID_LIKE=debian\n", NULL, "boot/initrd.img-" KVER },
		{ "ID=arch\n", "linux-lts\n", "boot/initramfs-linux-lts.img" },
		{ "ID=arch\n", NULL, "boot/initramfs-" KVER ".img" },
		{ "ID=arch\n", "../../etc/x\n", "boot/initramfs-" KVER ".img" },
		{ "ID=arch\n", "\n", "boot/initramfs-" KVER ".img" },
		{ "ID=fedora\n", "linux\n", "boot/initramfs-" KVER ".img" },
		{ "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", NULL, "boot/initramfs-" KVER ".img" },
		{ "NAME='x'\nID='opensuse-tumbleweed'\nID_LIKE='opensuse suse'\n", NULL, "boot/initrd-" KVER },
		{ "VARIANT_ID=fedora\nID=other\n", NULL, "boot/initrd.img-" KVER },
		/* The nearest relative is asked first. */
		{ "ID_LIKE=\"arch debian\"\nID=void\n", "linux\n", "boot/initramfs-" KVER ".img" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *name = NULL;
		_cleanup_sysroot_ struct sysroot root = SYSROOT_NONE;

		assert_int_equal(scratch_setup(state), 0);
		if (rows[i].release)
			root_file(*state, "etc/os-release", rows[i].release, 0644);
		if (rows[i].pkgbase)
			root_file(*state, "usr/lib/modules/" KVER "/pkgbase", rows[i].pkgbase, 0644);
		root = root_open(*state);
		assert_int_equal(imagename_choose(&root, "usr/lib/modules/" KVER, KVER, &name), 0);
		assert_string_equal(name, rows[i].name);
		scratch_teardown(state);
	}
}

/* Where there is no /etc/os-release, /usr/lib's counts. */
static void second_place(void **state)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_sysroot_ struct sysroot root = root_open(*state);

	root_file(*state, "usr/lib/os-release", "ID=sles\nID_LIKE=suse\n", 0644);
	assert_int_equal(imagename_choose(&root, "lib/modules/" KVER, KVER, &name), 0);
	assert_string_equal(name, "boot/initrd-" KVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test_setup_teardown(second_place, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
