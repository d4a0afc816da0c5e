/* SPDX-License-Identifier: MIT */
/* test-lvname: names of volumes, as people and as device-mapper write them. */
#include "init/lvname.h"
#include "unit/unit.h"

#define G "CWjSc9YagtG0dVRmgc1ofo4R9z9Ub733"
#define V "2ln5P1KmnrENCc6MmmyOXCtOJQe3z1S8"
#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A127 A50 A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void reads(void **state)
{
	static const struct {
		const char *text, *group, *volume; /* NULL: no name */
	} rows[] = {
		{ "vg/root",           "vg",    "root"      },
		{ "my-vg/my-root",     "my-vg", "my-root"   },
		{ "my--vg/root",       "my--vg", "root"     },
		{ "vg-root",           "vg",    "root"      },
		{ "my--vg-my--root",   "my-vg", "my-root"   },
		{ "a---b",             "a-",    "b"         },
		{ "a----b-c",          "a--b",  "c"         },
		{ "vg-root_rimage_0",  "vg",    "root_rimage_0" },
		{ A127 "/lv",          A127,    "lv"        },
		{ "vg-" A127,          "vg",    A127        },
		{ "",                  NULL,    NULL        },
		{ "vg",                NULL,    NULL        },
		{ "my--vg",            NULL,    NULL        },
		{ "vg/",               NULL,    NULL        },
		{ "/root",             NULL,    NULL        },
		{ "vg-",               NULL,    NULL        },
		{ "-root",             NULL,    NULL        },
		{ "vg-root-",          NULL,    NULL        },
		{ "vg-pool-tpool",     NULL,    NULL        },
		{ "disk/by-id/x",      NULL,    NULL        },
		{ "a" A127 "/lv",      NULL,    NULL        },
		{ "vg-a" A127,         NULL,    NULL        },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lvname name = { "before", "before" };
		bool ok = lvname_read(rows[i].text, &name);

		if (ok != (rows[i].group != NULL))
			fail_msg("%s: %s a name", rows[i].text, ok ? "is" : "is not");
		assert_string_equal(name.group, ok ? rows[i].group : "before");
		assert_string_equal(name.volume, ok ? rows[i].volume : "before");
	}
}

static void compares(void **state)
{
	const struct lvname root = { "vg", "root" }, again = { "vg", "root" };
	const struct lvname usr = { "vg", "usr" }, other = { "gv", "root" };

	assert_true(lvname_equal(&root, &again));
	assert_false(lvname_equal(&root, &usr));
	assert_false(lvname_equal(&root, &other));
}

static void knows_what_is_inside(void **state)
{
	static const struct {
		const char *name, *uuid;
		bool private;
	} rows[] = {
		{ "vg-root",             "LVM-" G V,           false },
		{ "vg-pool-tpool",       "LVM-" G V "-tpool",  true  },
		{ "vg-root_corig",       "LVM-" G V "-real",   true  },
		{ "vg-snap-cow",         "LVM-" G V "-cow",    true  },
		{ NULL,                  "LVM-" G V "-cow",    true  },
		/* As lvm2 2.03.31 names them. */
		{ "vg-root_rimage_0",    "LVM-" G V,           true  },
		{ "my--vg-root_rmeta_1", "LVM-" G V,           true  },
		{ "my_rimage-root",      "LVM-" G V,           false },
		{ "vg-root_rimage_0",    "CRYPT-PLAIN-x",      false },
		{ NULL,                  "LVM-" G V,           false },
		{ "vg-root",             "LVM-x",              false },
		{ "vg-root",             "LVM-" G "-" V,       false },
		{ "luks-1",              "CRYPT-LUKS2-" G V "-luks-1", false },
		{ "a",                   "",                   false },
		{ "a",                   NULL,                 false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (lvname_is_private(rows[i].name, rows[i].uuid) != rows[i].private)
			fail_msg("%s, %s: %s private", rows[i].name, rows[i].uuid,
				 rows[i].private ? "is not" : "is");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(compares),
		cmocka_unit_test(knows_what_is_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
