/* SPDX-License-Identifier: MIT */
/* test-abi: symbol versions that are needed, against those that are defined. */
#include <errno.h>

#include "image/abi.h"
#include "unit/image/elf-maker.h"
#include "unit/unit.h"

static struct elf opened(const struct maker *m)
{
	struct elf e;

	assert_int_equal(elf_open(m->data, sizeof(m->data), &e), 0);
	return e;
}

static const char *missing(const struct maker *user, const char *file,
			   const struct maker *library)
{
	struct elf u = opened(user), l = opened(library);
	const char *version = "untouched";

	assert_int_equal(abi_missing(&u, file, &l, &version), 0);
	return version;
}

static struct maker user(void)
{
	struct maker m = maker_new(true, false, ET_DYN, EM_X86_64);

	maker_needs_version(&m, "libc.so.6", "GLIBC_2.2.5", 0);
	maker_needs_version(&m, "libm.so.6", "GLIBC_2.99", 0);
	maker_needs_version(&m, "libc.so.6", "GLIBC_2.34", 0);
	maker_needs_version(&m, "libc.so.6", "GLIBC_2.98", VER_FLG_WEAK);
	maker_finish(&m);
	return m;
}

static struct maker library(const char *first, const char *second)
{
	struct maker m = maker_new(true, false, ET_DYN, EM_X86_64);

	maker_defines_version(&m, "libc.so.6");
	maker_defines_version(&m, first);
	if (second)
		maker_defines_version(&m, second);
	maker_finish(&m);
	return m;
}

static void all_there(void **state)
{
	struct maker u = user(), l = library("GLIBC_2.2.5", "GLIBC_2.34");

	/* GLIBC_2.99 is needed of another library, GLIBC_2.98 only weakly. */
	assert_null(missing(&u, "libc.so.6", &l));
}

static void the_missing_one_is_named(void **state)
{
	struct maker u = user(), old = library("GLIBC_2.2.5", NULL),
		     other = library("GLIBC_2.34", NULL);

	assert_string_equal(missing(&u, "libc.so.6", &old), "GLIBC_2.34");
	assert_string_equal(missing(&u, "libc.so.6", &other), "GLIBC_2.2.5");
	assert_string_equal(missing(&u, "libm.so.6", &old), "GLIBC_2.99");
}

static void a_library_without_versions_is_good_for_all(void **state)
{
	struct maker u = user(), plain = maker_new(true, false, ET_DYN, EM_X86_64);

	maker_finish(&plain);
	assert_null(missing(&u, "libc.so.6", &plain));
}

static void damage_is_an_error(void **state)
{
	struct maker u = user(), l = library("GLIBC_2.2.5", "GLIBC_2.34");
	struct elf e, f;
	const char *version;

	/* The name of the first version lies outside of the strings. */
	maker_put(&u, VERNEED_AT + sizeof(Elf64_Verneed) + offsetof(Elf64_Vernaux, vna_name), 4,
		  99999);
	e = opened(&u);
	f = opened(&l);
	assert_int_equal(abi_missing(&e, "libc.so.6", &f, &version), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_there),
		cmocka_unit_test(the_missing_one_is_named),
		cmocka_unit_test(a_library_without_versions_is_good_for_all),
		cmocka_unit_test(damage_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
