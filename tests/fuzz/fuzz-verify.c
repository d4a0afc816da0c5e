/* SPDX-License-Identifier: MIT */
/*
 * fuzz-verify: anybody's image, looked at as `slipway verify` does.
 * links: image
 */
#include "fuzz/text.h"
#include "image/contents.h"
#include "image/verify.h"

#define MAX_UNPACKED (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char disk[] = "devices/virtio0", modalias[] = "virtio:d00000002v1", virtio[] = "virtio_blk";
	char key[] = "devices/k", hid[] = "hid:b0003g", usbhid[] = "usbhid", vda[] = "vda", dm[] = "dm-0";
	char ext4[] = "ext4";
	struct target_device devices[] = {
		{ .path = disk, .modalias = modalias, .driver = virtio, .module = virtio },
		{ .path = key, .modalias = hid, .driver = usbhid, .module = usbhid, .input = true },
	};
	struct target_layer layers[] = { { .kind = LAYER_DISK, .name = vda }, { .kind = LAYER_CRYPT, .name = dm } };
	struct target_fs root = { .use = USE_ROOT, .fstype = ext4, .source = dm };
	const struct target target = { .filesystems = &root, .n_filesystems = 1, .layers = layers, .n_layers = 2,
				       .devices = devices, .n_devices = 2 };
	_cleanup_archive_ struct archive a = { 0 };
	_cleanup_contents_ struct contents c = { 0 };
	_cleanup_findings_ struct findings f = { 0 };
	struct archive_failure failure;

	if (archive_read(data, size, MAX_UNPACKED, &a, &failure) < 0 || contents_read(&a, &c) < 0)
		return 0;
	if (verify(&(struct subject){ .tree = &c.tree,
				      .formats = c.formats,
				      .ours = size % 2,
				      .fstype = "ext4",
				      .fstype_from = "",
				      .target = &target },
		   &f) < 0)
		return 0;
	/* Each proof says something, and an image that opens no layer is doubted. */
	FUZZ_REQUIRE(f.n >= 15);
	FUZZ_REQUIRE(f.doubts + f.fatals <= f.n);
	return 0;
}
