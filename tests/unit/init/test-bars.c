/* SPDX-License-Identifier: MIT */
/*
 * test-bars: which spans become units of systemd's, and what is in the units.
 * wrap: unit_make unit_unmake
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "init/bars.h"

#include "init/unit.h"
#include "unit/memory.h"

#define MS                    *1000U
#define SPAN(k, n, from, to) { .kind = SPAN_##k, .name = (char *)(n), .start = from, .end = to }

static struct {
	char text[4096];
	const char *fails;
} world;

int __wrap_unit_make(const char *unit, const char *text);
int __wrap_unit_make(const char *unit, const char *text)
{
	size_t n = strlen(world.text);

	if (streq_null(unit, world.fails))
		return -EROFS;
	snprintf(world.text + n, sizeof(world.text) - n, "[%s]\n%s", unit, text);
	return 0;
}

void __wrap_unit_unmake(const char *unit);
void __wrap_unit_unmake(const char *unit)
{
	size_t n = strlen(world.text);

	snprintf(world.text + n, sizeof(world.text) - n, "-%s\n", unit);
}

static int start(void **state)
{
	memset(&world, 0, sizeof(world));
	return 0;
}

/* "modules 10-60 root-wait 20-50", ms */
static void assert_bars(struct span *spans, size_t n, const char *but, const char *wanted)
{
	const struct profile p = { .spans = spans, .n = n };
	_cleanup_bars_ struct bars b = { 0 };
	char text[1024] = "";

	assert_int_equal(bars_collect(&p, but, &b), 0);
	for (size_t i = 0; i < b.n; i++) {
		const char *name = startswith(b.items[i].unit, "slipway-");
		size_t used = strlen(text);

		assert_non_null(name);
		assert_true(endswith(name, ".service"));
		snprintf(text + used, sizeof(text) - used, "%s%.*s %u-%u", i > 0 ? " " : "",
			 (int)(strlen(name) - strlen(".service")), name, (unsigned int)(b.items[i].start / 1000),
			 (unsigned int)(b.items[i].end / 1000));
	}
	assert_string_equal(text, wanted);
}

static void plain_root(void **state)
{
	struct span spans[] = {
		SPAN(STAGE, "api", 1 MS, 3 MS),
		SPAN(STAGE, "cmdline", 3 MS, 3 MS + 999),
		SPAN(STAGE, "modules", 4 MS, 8 MS),
		SPAN(STAGE, "modules/coldplug", 4 MS, 7 MS),
		SPAN(STAGE, "root", 9 MS, 90 MS),
		SPAN(WAIT, "root/wait", 10 MS, 60 MS),
		SPAN(MODULE, "virtio_pci", 8 MS, 30 MS),
		SPAN(MODULE, "virtio_blk", 31 MS, 49 MS),
		SPAN(DEVICE, "vda", 48 MS, 48 MS),
		SPAN(WORKER, "probe vda", 50 MS, 59 MS),
		SPAN(STAGE, "root/fsck", 61 MS, 80 MS),
		SPAN(HELPER, "fsck vda", 62 MS, 79 MS),
		SPAN(STAGE, "root/mount", 81 MS, 88 MS),
		SPAN(STAGE, "switch-root", 90 MS, 0),
	};

	assert_bars(spans, ARRAY_SIZE(spans), "root/fsck",
		    "root-wait 10-60 modules 8-49 root-mount 81-88 modules-coldplug 4-7 api 1-3");
	/* Where systemd does not take its own unit for it, ours is shown. */
	assert_bars(spans, ARRAY_SIZE(spans), NULL,
		    "root-wait 10-60 modules 8-49 root-fsck 61-80 root-mount 81-88 modules-coldplug 4-7 api 1-3");
}

/* Three questions are one bar, and names are escaped as systemd does. */
static void names_and_repetition(void **state)
{
	struct span spans[] = {
		SPAN(QUESTION, "passphrase for dm-0", 10 MS, 20 MS),
		SPAN(HELPER, "cryptsetup open dm-0", 21 MS, 25 MS),
		SPAN(QUESTION, "passphrase for dm-0", 30 MS, 50 MS),
		SPAN(HELPER, "cryptsetup open dm-0", 51 MS, 52 MS),
		SPAN(HELPER, "lvm activate vg/ro ot%n", 60 MS, 62 MS),
	};

	assert_bars(spans, ARRAY_SIZE(spans), NULL,
		    "passphrase-for-dm\\x2d0 10-50 cryptsetup-open-dm\\x2d0 21-52 lvm-activate-vg-ro-ot\\x25n 60-62");
}

static void the_longest_of_many(void **state)
{
	struct span spans[40];
	char names[40][8];
	const struct profile p = { .spans = spans, .n = ARRAY_SIZE(spans) };
	_cleanup_bars_ struct bars b = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(spans); i++) {
		snprintf(names[i], sizeof(names[i]), "h%u", i);
		spans[i] = (struct span)SPAN(HELPER, names[i], 100 MS, (100 + (i * 7) % 40) MS);
	}
	assert_int_equal(bars_collect(&p, NULL, &b), 0);
	assert_int_equal(b.n, BARS_MAX);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.items[i].end, (139 - i) MS);
}

static void files(void **state)
{
	struct span spans[] = {
		SPAN(WAIT, "root/wait", 10 MS, 60 MS),
		SPAN(HELPER, "lvm activate vg/50%\n\\x", 10 MS, 20 MS),
	};
	const struct profile p = { .spans = spans, .n = ARRAY_SIZE(spans) };
	_cleanup_bars_ struct bars b = { 0 };

	assert_int_equal(bars_collect(&p, NULL, &b), 0);
	assert_int_equal(bars_write(&b), 0);
	assert_int_equal(b.n, 2);
	bars_remove(&b);
#define UNIT(name, description)                                                                      \
	"[" name "]\n# what took time before systemd was started, for systemd-analyze\n[Unit]\n"     \
	"Description=initramfs: " description "\nDefaultDependencies=no\nIgnoreOnIsolate=yes\n"       \
	"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"
	assert_string_equal(world.text,
		UNIT("slipway-root-wait.service", "root/wait")
		UNIT("slipway-lvm-activate-vg-50\\x25\\x0a\\x5cx.service", "lvm activate vg/50???x")
		"-slipway-root-wait.service\n"
		"-slipway-lvm-activate-vg-50\\x25\\x0a\\x5cx.service\n");
}

/* A unit that has no file must not be handed over. */
static void file_that_cannot_be_written(void **state)
{
	struct span spans[] = {
		SPAN(WAIT, "root/wait", 10 MS, 60 MS),
		SPAN(STAGE, "root/mount", 60 MS, 65 MS),
	};
	const struct profile p = { .spans = spans, .n = ARRAY_SIZE(spans) };
	_cleanup_bars_ struct bars b = { 0 };

	world.fails = "slipway-root-wait.service";
	assert_int_equal(bars_collect(&p, NULL, &b), 0);
	assert_int_equal(bars_write(&b), -EROFS);
	assert_int_equal(b.n, 1);
	assert_string_equal(b.items[0].unit, "slipway-root-mount.service");
}

static int collect_and_write(void *data)
{
	_cleanup_bars_ struct bars b = { 0 };
	int r = bars_collect(data, NULL, &b);

	*world.text = '\0';
	return r == 0 ? bars_write(&b) : r;
}

static void out_of_memory_is_reported(void **state)
{
	struct span spans[] = {
		SPAN(WAIT, "root/wait", 10 MS, 60 MS), SPAN(WAIT, "root/wait", 70 MS, 80 MS),
		SPAN(STAGE, "api", 1 MS, 2 MS), SPAN(STAGE, "short", 1 MS, 1 MS),
	};
	struct profile p = { .spans = spans, .n = ARRAY_SIZE(spans) };

	assert_true(memory_sweep(collect_and_write, &p) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(plain_root, start),
		cmocka_unit_test_setup(names_and_repetition, start),
		cmocka_unit_test_setup(the_longest_of_many, start),
		cmocka_unit_test_setup(files, start),
		cmocka_unit_test_setup(file_that_cannot_be_written, start),
		cmocka_unit_test_setup(out_of_memory_is_reported, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
