/* SPDX-License-Identifier: MIT */
/*
 * test-nearby: depmod's texts: which module is meant by a name or a modalias.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <errno.h>

#include "init/nearby.h"
#include "unit/memory.h"

static const char dep[] = "kernel/drivers/virtio/virtio.ko:\n"
			  "kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko\n"
			  "kernel/fs/ext4/ext4.ko: kernel/lib/libcrc32c.ko kernel/fs/mbcache.ko\n"
			  "kernel/drivers/block/virtio-blk.ko: kernel/drivers/virtio/virtio_ring.ko "
			  "kernel/drivers/virtio/virtio.ko\n"
			  "kernel/packed.ko.xz: kernel/fs/mbcache.ko\n"
			  "no colon\n:\n\nkernel/usb-storage.ko: ";
static const char alias[] = "# Aliases extracted from modules themselves.\n"
			    "alias virtio:d00000002v* virtio_blk\n"
			    "alias fs-ext4 ext4\n"
			    "alias fs-ext4 gone\n"
			    "alias usb:v*p*d*dc*dsc*dp*ic08isc06ip50in* usb_storage\n"
			    "alias usb:v0421p0019d059[2-9]dc*dsc*dp*ic*isc*ip*in* usb_storage\n"
			    "alias usb:v0421p001[a-c]d* usb-storage\n"
			    "alias char-major-10-234 virtio\n"
			    "alias\nalias x\nalias  y z\nsoftdep a pre: b\nalias pci:* ext4";

static void read_texts(struct nearby *n)
{
	assert_int_equal(nearby_read(n, strdup(dep), strdup(alias)), 0);
}

static void by_name(void **state)
{
	static const struct {
		const char *name, *path, *needs;
	} rows[] = {
		{ "virtio", "kernel/drivers/virtio/virtio.ko", "" },
		{ "virtio_blk", "kernel/drivers/block/virtio-blk.ko",
		  " kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko" },
		{ "virtio-blk", "kernel/drivers/block/virtio-blk.ko",
		  " kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko" },
		{ "usb_storage", "kernel/usb-storage.ko", " " },
		{ "packed", NULL, NULL }, /* what is compressed the kernel may not be able to load */
		{ "virtio_", NULL, NULL },
		{ "", NULL, NULL },
	};
	struct nearby n;

	read_texts(&n);
	assert_int_equal(n.modules_n, 5);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nearby_module *m = nearby_by_name(&n, rows[i].name);

		assert_true(streq_null(m ? m->path : NULL, rows[i].path));
		assert_true(streq_null(m ? m->needs : NULL, rows[i].needs));
		if (m)
			assert_ptr_equal(nearby_by_path(&n, m->path, strlen(m->path)), m);
	}
	assert_null(nearby_by_path(&n, "kernel/drivers/virtio/virtio.ko", 10));
	assert_null(nearby_by_path(&n, "kernel/drivers/virtio/virtio.kox", 32));
	nearby_free(&n);
}

static void by_alias(void **state)
{
	static const struct {
		const char *alias, *names;
	} rows[] = {
		{ "virtio:d00000002v00001AF4", " virtio_blk" },
		{ "virtio:d00000003v00001AF4", "" },
		{ "virtio:d00000002", "" },
		{ "fs-ext4", " ext4" },
		{ "fs_ext4", " ext4" },
		{ "fs-ext", "" },
		{ "usb:v1234p5678d0100dc00dsc00dp00ic08isc06ip50in00", " usb_storage" },
		/* A range; what it is in place of stands as it is. */
		{ "usb:v0421p0019d0592dc00dsc00dp00ic08isc06ip50in00", " usb_storage usb_storage" },
		{ "usb:v0421p0019d0591dc00dsc00dp00ic00isc06ip50in00", "" },
		{ "usb:v0421p001bd0000dc00", " usb_storage" },
		{ "usb:v0421p001-d0000dc00", "" },
		{ "char-major-10-234", " virtio" },
		{ "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00", " ext4" },
		{ "", "" },
		{ "x", "" },
	};
	struct nearby n;

	read_texts(&n);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nearby_module *m;
		char names[64] = "";
		size_t at = 0;

		while ((m = nearby_next(&n, rows[i].alias, &at))) {
			strcat(names, " ");
			strcat(names, m->name);
		}
		if (!streq(names, rows[i].names))
			fail_msg("%s:%s", rows[i].alias, names);
	}
	nearby_free(&n);
}

static void nothing_there(void **state)
{
	struct nearby n;
	size_t at = 0;

	assert_int_equal(nearby_read(&n, NULL, strdup("alias a b")), 0);
	assert_null(nearby_by_name(&n, "b"));
	assert_null(nearby_next(&n, "a", &at));
	nearby_free(&n);
	assert_int_equal(nearby_read(&n, strdup("a.ko:"), NULL), 0);
	assert_non_null(nearby_by_name(&n, "a"));
	assert_null(nearby_next(&n, "a", &at));
	nearby_free(&n);
}

static int read_all(void *data)
{
	struct nearby n = { 0 };
	int r = nearby_read(&n, __real_strdup(dep), __real_strdup(alias));

	nearby_free(&n);
	return r;
}

static void out_of_memory(void **state)
{
	assert_int_equal(memory_sweep(read_all, NULL), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name),
		cmocka_unit_test(by_alias),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
