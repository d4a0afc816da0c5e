/* SPDX-License-Identifier: MIT */
/* test-kernel-config: where a kernel's configuration is looked for, and what it says. */
#include <errno.h>

#include "image/kernel-config.h"
#include "unit/image/root.h"

#define _cleanup_config_ _cleanup_(kernel_config_free)

static void says(void **state)
{
	const struct kernel_config k = { .text = (char *)"CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_AB=y\n"
							 "XCONFIG_D=y\nCONFIG_E=0\nCONFIG_F=y" };
	const struct kernel_config unknown = { 0 };

	assert_true(kernel_config_has(&k, "CONFIG_A", false));
	assert_true(kernel_config_has(&k, "CONFIG_B", false));
	assert_true(kernel_config_has(&k, "CONFIG_AB", false));
	assert_true(kernel_config_has(&k, "CONFIG_F", false));
	assert_false(kernel_config_has(&k, "CONFIG_C", true));
	assert_false(kernel_config_has(&k, "CONFIG_D", true));
	assert_false(kernel_config_has(&k, "CONFIG_E", true));
	assert_true(kernel_config_has(&unknown, "CONFIG_A", true));
	assert_false(kernel_config_has(&unknown, "CONFIG_A", false));
}

static void is_found(void **state)
{
	struct scratch *s = *state;
	_cleanup_sysroot_ struct sysroot root = root_open(s);
	_cleanup_config_ struct kernel_config none = { 0 }, beside = { 0 }, boot = { 0 };

	assert_int_equal(kernel_config_read(&root, "6.1", "usr/lib/modules/6.1", &none), 0);
	assert_null(none.text);
	root_file(s, "usr/lib/modules/6.1/config", "CONFIG_A=y\n", 0644);
	assert_int_equal(kernel_config_read(&root, "6.1", "usr/lib/modules/6.1", &beside), 0);
	assert_string_equal(beside.path, "usr/lib/modules/6.1/config");
	root_file(s, "boot/config-6.1", "CONFIG_B=y\n", 0644);
	assert_int_equal(kernel_config_read(&root, "6.1", "usr/lib/modules/6.1", &boot), 0);
	assert_true(kernel_config_has(&boot, "CONFIG_B", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says),
		cmocka_unit_test_setup_teardown(is_found, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
