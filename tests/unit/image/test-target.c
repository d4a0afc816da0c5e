/* SPDX-License-Identifier: MIT */
/*
 * test-target: what machines boot from, and the modules that takes, on recorded ones.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <errno.h>

#include "base/file.h"
#include "base/strv.h"
#include "image/needs.h"
#include "unit/image/recorded-machine.h"
#include "unit/memory.h"

/* The block devices, what one stands on first: "sda md0 dm-0". */
static char *layers_text(const struct target *t)
{
	char *text = calloc(1, 4096);

	for (size_t i = 0; i < t->n_layers; i++)
		sprintf(text + strlen(text), "%s%s", i ? " " : "", t->layers[i].name);
	return text;
}

/* What init loads at once (`load`), or what is only there; by name, or by alias. */
static char *needs_text(const struct target *t, bool prompt, bool load, bool alias)
{
	_cleanup_needs_ struct needs n = { 0 };
	char *text = calloc(1, 16384);

	assert_int_equal(needs_of(t, prompt, &n), 0);
	for (size_t i = 0; i < n.n; i++) {
		const char *name = alias ? n.items[i].alias : n.items[i].name;

		if (n.items[i].load == load && name)
			sprintf(text + strlen(text), "%s%s", *text ? " " : "", name);
	}
	return text;
}

/*
 * One qemu machine with a disk of each kind and file systems on them. The driver of memory cards,
 * "mmcblk", does not say which module it is of; its device's alias does.
 */
static const struct row {
	const char *root, *fstype, *layers, *load;
	enum layer_kind kind; /* one that it stands on */
	bool prompt;
} rows[] = {
	{ "/", "ext4", "vda", "virtio_blk virtio_pci fs-ext4", LAYER_DISK, false },
	{ "/m/usb", "ext4", "sdg sdg1", "sd_mod xhci_pci usbcore usb_storage fs-ext4", LAYER_PARTITION, false },
	{ "/m/xfs", "xfs", "sdf", "sd_mod xhci_pci usbcore uas fs-xfs", LAYER_DISK, false },
	/* A namespace that two controllers share. */
	{ "/m/fat", "vfat", "nvme1n1", "nvme fs-vfat", LAYER_DISK, false },
	{ "/m/btrfs", "btrfs", "nvme2n1 mmcblk0",
	  "pcieport nvme sdhci_pci mmcblk fs-btrfs", LAYER_DISK, false },
	{ "/m/crypt", "ext4", "sda sdc md0 dm-0 dm-1",
	  "sd_mod virtio_scsi ahci virtio_pci md_mod md-raid1 dm_mod dm_crypt fs-ext4", LAYER_CRYPT, true },
	{ "/m/thin", "ext4", "sdb dm-2 dm-3 dm-4 dm-6", "sd_mod vmw_pvscsi dm_mod fs-ext4", LAYER_LVM, false },
	{ "/m/loop", "ext4", "sdg sdg1 loop0", "sd_mod xhci_pci usbcore usb_storage loop fs-ext4", LAYER_LOOP,
	  false },
	{ "/m/bcache", "ext4", "sdd bcache0", "sd_mod virtio_scsi virtio_pci bcache fs-ext4", LAYER_BCACHE, false },
};

static void read_q35(const struct scratch *s, const char *root, const char *swaps, struct target *ret)
{
	_cleanup_free_ char *sys = recorded_text("q35.sysfs"), *mounts = recorded_mounts("q35.mountinfo", root);
	_cleanup_free_ char *crypto = recorded_text("q35.crypto"), *why = NULL;

	recorded_sys(s, sys);
	recorded_proc(s, "proc/self/mountinfo", mounts);
	recorded_proc(s, "proc/crypto", crypto);
	if (swaps)
		recorded_proc(s, "proc/swaps", swaps);
	assert_int_equal(recorded_read(s, (struct target_source){ 0 }, ret, &why), 0);
	assert_null(why);
}

static void q35_row(const struct row *row)
{
	void *state = NULL;
	_cleanup_target_ struct target t = { 0 };

	assert_int_equal(scratch_setup(&state), 0);
	read_q35(state, row->root, NULL, &t);
	scratch_teardown(&state);

	_cleanup_free_ char *layers = layers_text(&t), *load = needs_text(&t, false, true, false);

	assert_string_equal(t.filesystems[0].fstype, row->fstype);
	assert_string_equal(layers, row->layers);
	assert_string_equal(load, row->load);
	assert_true(target_has_layer(&t, row->kind));
	assert_int_equal(target_may_prompt(&t), row->prompt);
}

static void disks_of_every_kind(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		q35_row(&rows[i]);
}

/* What the devices themselves ask for: the image may be for a kernel that has other modules. */
static void aliases_of_what_is_on_the_way(void **state)
{
	_cleanup_target_ struct target t = { 0 };

	read_q35(*state, "/m/btrfs", NULL, &t);

	_cleanup_free_ char *aliases = needs_text(&t, false, true, true);

	/* Of the bridge to the NVMe disk there is none. */
	assert_string_equal(aliases, "pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02 "
				     "pci:v00001B36d00000007sv00001AF4sd00001100bc08sc05i01 mmc:block btrfs");
}

/* Keyboards only where somebody may be asked: any of them, up to the bus, with the companion of an EHCI controller. */
static void keyboards_for_a_prompt(void **state)
{
	_cleanup_target_ struct target t = { 0 };

	read_q35(*state, "/", NULL, &t);

	_cleanup_free_ char *load = needs_text(&t, true, true, false), *there = needs_text(&t, true, false, false);

	assert_string_equal(load, "virtio_blk virtio_pci fs-ext4 virtio_input i8042 atkbd virtio_pci ehci_pci uhci_hcd "
				  "usbcore usbhid hid_generic");
	assert_string_equal(there, "i8042 atkbd usbhid hid_generic");
}

/* What implements the ciphers here; the targets of dm only where somebody else than cryptsetup made a table. */
static void what_is_loaded_for_the_layers(void **state)
{
	_cleanup_target_ struct target t = { 0 };

	read_q35(*state, "/m/crypt", NULL, &t);

	_cleanup_free_ char *there = needs_text(&t, false, false, false);

	assert_string_equal(there, "dm_bio_prison dm_bufio dm_persistent_data dm_thin_pool crc32_generic "
				   "blake2b_generic crc32_pclmul cryptd ghash_clmulni_intel sha512_ssse3 "
				   "sha512_generic sha256_ssse3 sha1_ssse3 aesni_intel crc32c_generic crc32c_intel "
				   "crct10dif_generic crct10dif_pclmul");
}

static void swap_that_could_be_resumed_from(void **state)
{
	_cleanup_free_ char *swaps = recorded_text("q35.swaps");
	_cleanup_target_ struct target t = { 0 };

	read_q35(*state, "/", swaps, &t);

	_cleanup_free_ char *layers = layers_text(&t), *load = needs_text(&t, false, true, false);

	assert_string_equal(layers, "vda sdg sdg2");
	assert_string_equal(target_find_fs(&t, USE_SWAP)->source, "/dev/sdg2");
	/* Nothing for the swap itself: the kernel reads it. */
	assert_string_equal(load, "sd_mod virtio_blk virtio_pci xhci_pci usbcore usb_storage fs-ext4");
}

static void swap_that_could_not(void **state)
{
	static const char swaps[] = "Filename Type Size Used Priority\n/dev/zram0 partition 1 0 1\n"
				    "/swap\\040file file 1 0 1\n/dev/none partition 1 0 1\n/dev/dm-1 partition 1 0 1\n"
				    "/dev/sdg2\n";
	struct scratch *s = *state;
	_cleanup_target_ struct target t = { 0 };
	_cleanup_free_ char *why = NULL;

	read_q35(s, "/", swaps, &t);
	target_free(&t);
	/* A key of this boot only. */
	scratch_write(s, "sys/devices/virtual/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap\n", 17);
	assert_int_equal(recorded_read(s, (struct target_source){ 0 }, &t, &why), 0);
	assert_null(target_find_fs(&t, USE_SWAP));
	assert_int_equal(t.n_layers, 1);
}

/* For a root that is found by its type there. */
static void variables_of_the_firmware(void **state)
{
	const struct scratch *s = *state;
	_cleanup_target_ struct target bios = { 0 }, efi = { 0 };
	_cleanup_free_ char *without = NULL, *with = NULL, *why = NULL;

	read_q35(s, "/", NULL, &bios);
	without = needs_text(&bios, false, false, false);
	assert_null(strstr(without, "efivarfs"));
	assert_int_equal(file_mkdir_parents(s->fd, "sys/firmware/efi", 0755), 0);
	assert_int_equal(recorded_read(s, (struct target_source){ 0 }, &efi, &why), 0);
	with = needs_text(&efi, false, false, false);
	assert_non_null(strstr(with, "efivarfs"));
}

static int read_again(void *data)
{
	_cleanup_target_ struct target t = { 0 };
	_cleanup_needs_ struct needs n = { 0 };
	_cleanup_free_ char *why = NULL;
	int r = recorded_read(data, (struct target_source){ 0 }, &t, &why);

	return r < 0 ? r : needs_of(&t, true, &n);
}

static void memory_runs_out(void **state)
{
	_cleanup_target_ struct target t = { 0 };

	read_q35(*state, "/m/crypt", NULL, &t);
	assert_true(memory_sweep_bearing(read_again, *state) > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disks_of_every_kind),
		cmocka_unit_test_setup_teardown(aliases_of_what_is_on_the_way, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(keyboards_for_a_prompt, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_is_loaded_for_the_layers, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(swap_that_could_be_resumed_from, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(swap_that_could_not, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(variables_of_the_firmware, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(memory_runs_out, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
