/* SPDX-License-Identifier: MIT */
/* test-cpu: /proc/cpuinfo, and CPUID's signature made of it. */
#include "image/cpu.h"
#include "unit/unit.h"

static void kinds(void **state)
{
	static const char text[] = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 158\n"
				   "model name\t: Intel(R) 9\nstepping\t: 10\nflags\t\t: fpu vme hypervisors\n\n"
				   "processor\t: 1\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 158\n"
				   "stepping\t: 10\n\n"
				   "processor\t: 2\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 158\n"
				   "stepping\t: 11\n";
	_cleanup_cpus_ struct cpus c = { 0 };

	assert_int_equal(cpus_parse(text, &c), 0);
	assert_int_equal(c.n, 2);
	assert_true(c.items[0].intel);
	assert_int_equal(cpu_signature(&c.items[0]), 0x906ea);
	assert_int_equal(cpu_signature(&c.items[1]), 0x906eb);
	assert_false(c.guest);
}

static void guests_and_others(void **state)
{
	_cleanup_cpus_ struct cpus amd = { 0 }, arm = { 0 };

	assert_int_equal(cpus_parse("vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nstepping\t: 1\n"
				    "flags\t\t: fpu hypervisor lahf_lm\n\n",
				    &amd),
			 0);
	assert_int_equal(amd.n, 1);
	assert_true(amd.items[0].amd && amd.guest);
	assert_int_equal(cpu_signature(&amd.items[0]), 0xa10f11);
	assert_int_equal(cpus_parse("processor\t: 0\nCPU implementer\t: 0x41\n", &arm), 0);
	assert_int_equal(arm.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(kinds), cmocka_unit_test(guests_and_others) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
