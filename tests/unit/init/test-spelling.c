/* SPDX-License-Identifier: MIT */
/*
 * test-spelling: the words about layers: what each means in our own grammar, and what they mean together.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/clock.h"
#include "base/strv.h"
#include "init/boot.h"
#include "unit/memory.h"

static void put(FILE *f, const char *name, const char *text)
{
	if (text)
		(void)fprintf(f, " %s=<%s>", name, text);
}

static void put_list(FILE *f, const char *name, char *const *words)
{
	_cleanup_free_ char *text = words ? strv_join(words, ":") : NULL;

	put(f, name, text);
}

static void put_yes(FILE *f, const char *name, bool yes)
{
	(void)fprintf(f, "%s%s", yes ? " " : "", yes ? name : "");
}

static void put_number(FILE *f, const char *name, uint64_t n, uint64_t unit)
{
	if (n > 0)
		(void)fprintf(f, " %s=%llu", name, (unsigned long long)(n / unit));
}

/* All that is asked for; a layer's usual directories are left out. */
static char *told(const struct boot *b)
{
	static const char *const uppers[] = { "?", "none", "tmpfs", "device", "medium" };
	const struct boot_live *l = &b->live;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool usual = streq_null(l->upper_dir, "/upper") || streq_null(l->upper_dir, "/overlay/upper");

	put(f, "root", b->root.spec.text);
	put_yes(f, "rw", b->rw);
	put(f, "host", b->file.host.spec.text);
	put(f, "file", b->file.path);
	put(f, "host-flags", b->file.host.flags);
	if (!l->wanted)
		return fclose(f) == 0 ? text : NULL;
	put(f, "medium", l->medium.spec.text);
	put(f, "type", l->medium.fstype);
	put(f, "flags", l->medium.flags);
	put_yes(f, "plain", l->plain);
	put(f, "dir", l->dir);
	put_list(f, "image", l->image);
	put_yes(f, "ram", l->ram);
	put(f, "ram-size", l->ram_size);
	put_number(f, "spare", l->ram_spare == LIVE_SPARE_USUAL ? 0 : l->ram_spare, 1 << 20);
	put(f, "upper", l->upper == UPPER_TMPFS ? NULL : uppers[l->upper]);
	put(f, "store", l->store.spec.text);
	put(f, "store-type", l->store.fstype);
	put(f, "store-flags", l->store.flags);
	put(f, "size", l->upper_size);
	put(f, "dirs", usual ? NULL : l->upper_dir);
	put(f, "work", usual ? NULL : l->work_dir);
	put_yes(f, "reset", l->reset);
	put_yes(f, "readonly", l->read_only);
	put_yes(f, "usr", l->usr_only);
	put(f, "files", l->files);
	put(f, "keep-medium", l->keep_medium);
	put(f, "keep-image", l->keep_image);
	put(f, "keep-upper", l->keep_upper);
	put_number(f, "timeout", b->timeout == 90 * USEC_PER_SEC ? 0 : b->timeout, USEC_PER_SEC);
	return fclose(f) == 0 ? text : NULL;
}

static void assert_told(const char *words, const char *expected)
{
	_cleanup_(boot_free) struct boot b = { 0 };
	_cleanup_free_ char *text = NULL;

	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = words }, &b), 0);
	assert_null(b.warnings);
	text = told(&b);
	if (!streq(text + (*text == ' '), expected))
		fail_msg("%s: \"%s\", expected is \"%s\"", words, text, expected);
}

struct row {
	const char *words, *told;
};

#define FEDORA "dir=</LiveOS> image=<squashfs.img?:/LiveOS/rootfs.img?:rootfs.img?:ext3fs.img?>"
#define M "rd.slipway.medium=LABEL=m "

static const struct row ours[] = {
	{ "rd.slipway.medium=LABEL=m", "medium=<LABEL=m>" },
	{ M "rd.slipway.medium.type=iso9660", "medium=<LABEL=m (iso9660)> type=<iso9660>" },
	{ M "rd.slipway.medium.flags=subvol=a", "medium=<LABEL=m> flags=<subvol=a>" },
	{ M "rd.slipway.medium.removable", "medium=<LABEL=m (removable)>" },
	{ M "rd.slipway.medium.removable=0 rd.slipway.medium.type=ext4,xfs",
	  "medium=<LABEL=m (ext4,xfs, not removable)> type=<ext4,xfs>" },
	{ "rd.slipway.medium.removable=1 " M, "medium=<LABEL=m (removable)>" },
	{ "rd.slipway.medium.type=iso9660", "medium=<of any name (iso9660)> type=<iso9660>" },
	{ M "rd.slipway.medium.keep=/mnt/m", "medium=<LABEL=m> keep-medium=</mnt/m>" },
	{ M "rd.slipway.medium.file=/a.iso",
	  "root=<loop=/a.iso> host=<with the file /a.iso> file=</a.iso> host-flags=<ro> medium=<LABEL=m> " FEDORA },
	{ M "rd.slipway.image=/a.img:/b.img", "medium=<LABEL=m> image=</a.img:/b.img>" },
	{ M "rd.slipway.image=a.img rd.slipway.image.dir=/x", "medium=<LABEL=m> dir=</x> image=<a.img>" },
	{ M "rd.slipway.image.keep=/run/i", "medium=<LABEL=m> keep-image=</run/i>" },
	{ M "rd.slipway.copy", "medium=<LABEL=m> ram" },
	{ M "rd.slipway.copy=0", "medium=<LABEL=m>" },
	{ M "rd.slipway.copy=50%", "medium=<LABEL=m> ram ram-size=<50%>" },
	{ M "rd.slipway.copy.spare=100", "medium=<LABEL=m> spare=100" },
	{ M "rd.slipway.upper=none", "medium=<LABEL=m> upper=<none>" },
	{ M "rd.slipway.upper=tmpfs rd.slipway.upper.size=1G", "medium=<LABEL=m> size=<1G>" },
	{ M "rd.slipway.upper=UUID=u", "medium=<LABEL=m> upper=<device> store=<UUID=u>" },
	{ M "rd.slipway.upper=UUID=u:/a",
	  "medium=<LABEL=m> upper=<device> store=<UUID=u> dirs=</a/upper> work=</a/work>" },
	{ M "rd.slipway.upper=8:1", "medium=<LABEL=m> upper=<device> store=<8:1>" },
	{ M "rd.slipway.upper=medium:/a", "medium=<LABEL=m> upper=<medium> dirs=</a/upper> work=</a/work>" },
	{ M "rd.slipway.upper=/dev/b rd.slipway.upper.type=btrfs rd.slipway.upper.flags=subvol=x "
	    "rd.slipway.upper.dir=/d",
	  "medium=<LABEL=m> upper=<device> store=</dev/b> store-type=<btrfs> store-flags=<subvol=x> dirs=</d/upper> "
	  "work=</d/work>" },
	{ M "rd.slipway.upper.reset rd.slipway.upper.readonly", "medium=<LABEL=m> reset readonly" },
	{ M "rd.slipway.upper.keep=/mnt/u", "medium=<LABEL=m> keep-upper=</mnt/u>" },
	{ M "rd.slipway.files=/x", "medium=<LABEL=m> files=</x>" },
	/* Without a word that names a medium root= does, and without an image it is an installed root. */
	{ "root=UUID=r rootfstype=ext4 rootflags=noatime rd.slipway.upper=tmpfs",
	  "medium=<UUID=r> type=<ext4> flags=<noatime> plain" },
	{ "root=UUID=r rd.slipway.image=/i", "medium=<UUID=r> image=</i>" },
	{ "root=UUID=r " M, "root=<UUID=r> medium=<LABEL=m>" },
};

static const struct row dracuts[] = {
	{ "root=live:CDLABEL=F rd.live.image", "medium=<LABEL=F> " FEDORA },
	{ "root=live:LABEL=F", "medium=<LABEL=F> " FEDORA },
	{ "root=live:/dev/sr0 rootfstype=auto ro", "medium=</dev/sr0> " FEDORA },
	{ "root=live:UUID=2020-01-01", "medium=<UUID=2020-01-01> " FEDORA },
	{ "root=LABEL=F rd.live.image", "medium=<LABEL=F> " FEDORA },
	{ "root=LABEL=F rd.live.image=0", "root=<LABEL=F>" },
	{ "root=live:LABEL=F rd.live.dir=x",
	  "medium=<LABEL=F> dir=<x> image=<squashfs.img?:/LiveOS/rootfs.img?:rootfs.img?:ext3fs.img?>" },
	{ "root=live:LABEL=F rd.live.squashimg=a.img",
	  "medium=<LABEL=F> dir=</LiveOS> image=<a.img:/LiveOS/rootfs.img?>" },
	{ "root=live:LABEL=F rd.live.ram=1", "medium=<LABEL=F> " FEDORA " ram" },
	{ "root=live:LABEL=F rd.minmem=512", "medium=<LABEL=F> " FEDORA " spare=512" },
	{ "root=live:LABEL=F rd.live.overlay=LABEL=P:/x/y",
	  "medium=<LABEL=F> " FEDORA " upper=<device> store=<LABEL=P> dirs=</x/y> work=</x/ovlwork>" },
	{ "root=live:LABEL=F rd.live.overlay=/dev/sdb2", "medium=<LABEL=F> " FEDORA
	  " upper=<device> store=</dev/sdb2> dirs=</LiveOS/overlay-%L-%U> work=</LiveOS/ovlwork>" },
	{ "root=live:LABEL=F rd.live.overlay=none", "medium=<LABEL=F> " FEDORA },
	{ "root=live:LABEL=F rd.live.overlay.size=2048", "medium=<LABEL=F> " FEDORA " size=<2048M>" },
	{ "root=live:LABEL=F rd.live.overlay.reset=1 rd.live.overlay.readonly=1",
	  "medium=<LABEL=F> " FEDORA " reset readonly" },
	{ "root=UUID=r rd.overlay", "medium=<UUID=r> plain" },
	{ "root=UUID=r rd.overlay=0", "root=<UUID=r>" },
	{ "root=UUID=r rd.overlay=tmpfs:size=1G", "medium=<UUID=r> plain size=<1G>" },
	{ "root=UUID=r rd.overlay=LABEL=P rd.overlay.reset rd.overlay.readonly",
	  "medium=<UUID=r> plain upper=<device> store=<LABEL=P> dirs=</overlay> work=</ovlwork> reset readonly" },
	{ "root=live:LABEL=F rd.writable.fsimg", "rw medium=<LABEL=F> " FEDORA " ram upper=<none>" },
	{ "root=live:LABEL=F rd.writable.fsimg=0", "medium=<LABEL=F> " FEDORA },
	{ "iso-scan/filename=/a.iso root=live:CDLABEL=F",
	  "host=<with the file /a.iso> file=</a.iso> host-flags=<ro> medium=<LABEL=F> " FEDORA },
	{ "iso-scan/filename=/a.iso",
	  "host=<with the file /a.iso> file=</a.iso> host-flags=<ro> medium=<loop=/a.iso> " FEDORA },
};

static const struct row others[] = {
	{ "root=UUID=r overlaytmpfs=yes",
	  "medium=<UUID=r> plain keep-medium=</media/root-ro> keep-upper=</media/root-rw>" },
	{ "root=UUID=r overlaytmpfs=no", "root=<UUID=r>" },
	{ "root=UUID=r overlaytmpfs overlaytmpfsflags=size=1G",
	  "medium=<UUID=r> plain size=<1G> keep-medium=</media/root-ro> keep-upper=</media/root-rw>" },
	{ "isodev=/dev/sr0", "medium=</dev/sr0> image=</fs/fs.sfs>" },
	{ "isouuid=2020", "medium=<UUID=2020> image=</fs/fs.sfs>" },
	{ "isolabel=H", "medium=<LABEL=H> image=</fs/fs.sfs>" },
	{ "isolabel=H rd.slipway.image=/x", "medium=<LABEL=H> image=</x>" },
	{ M "ram wait=30", "medium=<LABEL=m> ram ram-size=<75%> timeout=30" },
	{ M "delay=5", "medium=<LABEL=m> timeout=5" },
	{ "boot=UUID=b sqsh_root=/r.sqsh", "medium=<UUID=b> image=</r.sqsh>" },
	{ "root=/dev/r overlay=/dev/o overlayfstype=ext4 overlayflags=noatime",
	  "medium=</dev/r> plain upper=<device> store=</dev/o> store-type=<ext4> store-flags=<noatime> dirs=</data> "
	  "work=</work>" },
	{ "root=LABEL=S rootfstype=iso9660 rd.live=/rootfs.squashfs",
	  "medium=<LABEL=S (iso9660)> type=<iso9660> image=</rootfs.squashfs>" },
	{ "ugrd_livecd_label=U ugrd_squashfs_image=/i", "medium=<LABEL=U> image=</i>" },
	{ "root=UUID=r systemd.volatile=overlay", "medium=<UUID=r> plain" },
	{ "root=UUID=r systemd.volatile=yes", "medium=<UUID=r> plain usr" },
	{ "root=UUID=h loop=/r.img overlaytmpfs",
	  "host=<UUID=h> file=</r.img> host-flags=<ro> medium=<loop=/r.img> plain "
	  "keep-medium=</media/root-ro> keep-upper=</media/root-rw>" },
};

/* Words that others use for something else. */
static const struct row not_ours[] = {
	{ "root=UUID=r", "root=<UUID=r>" },
	{ "root=UUID=r boot=UUID=b", "root=<UUID=r>" },
	{ "root=UUID=r sqsh_root=/x", "root=<UUID=r>" },
	{ "root=UUID=r overlay=yes", "root=<UUID=r>" },
	{ "root=UUID=r ram=1 wait=soon delay", "root=<UUID=r>" },
	{ "root=UUID=r ram wait=5 rd.live.ram rd.minmem=1", "root=<UUID=r>" },
	{ "root=UUID=r systemd.volatile=no systemd.volatile=state", "root=<UUID=r>" },
	{ "root=UUID=r rd.writable.fsimg=no overlayfstype=x", "root=<UUID=r>" },
	/* The last word of a kind wins. */
	{ "root=live:LABEL=F root=UUID=r", "root=<UUID=r>" },
	{ "root=UUID=r root=live:LABEL=F", "medium=<LABEL=F> " FEDORA },
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_told(rows[i].words, rows[i].told);
}

static void each_word_of_ours(void **state)
{
	assert_rows(ours, ARRAY_SIZE(ours));
}

static void each_word_of_dracuts(void **state)
{
	assert_rows(dracuts, ARRAY_SIZE(dracuts));
}

static void each_word_of_others(void **state)
{
	assert_rows(others, ARRAY_SIZE(others));
}

static void words_that_mean_something_else(void **state)
{
	assert_rows(not_ours, ARRAY_SIZE(not_ours));
}

static void what_makes_no_sense_is_a_warning(void **state)
{
	static const char *const words[] = {
		"rd.slipway.medium=", "rd.slipway.medium.removable=maybe", "rd.slipway.image=/a/../b",
		"rd.slipway.upper=here", "rd.slipway.upper", "rd.slipway.upper=UUID=u:/a/../b",
		"rd.slipway.upper=UUID=u:/a,b",
		"rd.slipway.upper.size=much", "rd.slipway.upper.size=1GB", "rd.slipway.upper.dir=/a:b",
		"rd.slipway.copy=big", "rd.slipway.copy.spare=1G", "rd.slipway.medium.keep=/a/../b",
		"rd.slipway.files=/..",
		"root=live:http://there/x.iso",
		"root=live:", "isolabel=", "iso-scan/filename=x.iso", "rd.live.dir=a\\b",
		"rd.live.overlay=UUID=", "rd.overlay=LABEL=", "rd.live.overlay.size=big",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_(boot_free) struct boot b = { 0 };

		assert_int_equal(boot_parse(&(struct boot_text){ .kernel = words[i] }, &b), 0);
		if (strv_length(b.warnings) != 1)
			fail_msg("%s: %zu warnings", words[i], strv_length(b.warnings));
		assert_non_null(strstr(b.warnings[0], " on the command line is not understood (allowed: "));
	}
}

static int parse_some(void *words)
{
	_cleanup_(boot_free) struct boot b = { 0 };

	return boot_parse(&(struct boot_text){ .kernel = words }, &b);
}

static void out_of_memory_is_reported(void **state)
{
	static const char *const words[] = {
		"root=live:CDLABEL=F rd.live.overlay=LABEL=P rd.slipway.medium.type=x iso-scan/filename=/a.iso",
		"rd.slipway.medium.type=x rd.overlay=tmpfs:size=1G overlay=/dev/o rd.slipway.upper=UUID=u:/a",
		"root=UUID=r overlaytmpfs isolabel=a rd.slipway.image=/a:/b rd.overlay=/dev/x rd.slipway.upper.size=?",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_in_range(memory_sweep(parse_some, (char *)words[i]), 20, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_of_ours),
		cmocka_unit_test(each_word_of_dracuts),
		cmocka_unit_test(each_word_of_others),
		cmocka_unit_test(words_that_mean_something_else),
		cmocka_unit_test(what_makes_no_sense_is_a_warning),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
