/* SPDX-License-Identifier: MIT */
/*
 * test-stack: what is asked of LUKS, MD and LVM, by the command line and by crypttab.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "base/macro.h"
#include "base/strv.h"
#include "init/boot.h"
#include "unit/memory.h"

#define U "01234567-89ab-cdef-0123-456789abcdef"
#define V "fedcba98-89ab-cdef-0123-456789abcdef"

static void put_list(FILE *f, const char *name, char *const *words)
{
	STRV_FOREACH(w, words)
		(void)fprintf(f, "%s%s", w == words ? name : ",", *w);
}

static void put_place(FILE *f, const char *what, const struct place *p)
{
	if (place_is_set(p))
		(void)fprintf(f, " %s=%s", what, p->path ? p->path : "itself");
	if (p->device.text)
		(void)fprintf(f, " on=%s", p->device.text);
}

static void put_volume(FILE *f, const struct volume *v)
{
	(void)fprintf(f, " [%s", v->source.text ? v->source.text : "*");
	if (v->name)
		(void)fprintf(f, " name=%s", v->name);
	put_place(f, "key", &v->key);
	put_place(f, "header", &v->header);
	put_list(f, " ", v->options);
	if (v->tries)
		(void)fprintf(f, " tries:%u", v->tries);
	if (v->ask_timeout)
		(void)fprintf(f, " timeout:%us", (unsigned int)(v->ask_timeout / 1000000));
	(void)fprintf(f, "]");
}

/* All that differs from what an empty command line asks for. */
static char *told(const struct boot *b)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < b->volumes_n; i++)
		put_volume(f, &b->volumes[i]);
	if (place_is_set(&b->unnamed.key) || b->unnamed.options || b->unnamed.ask_timeout)
		put_volume(f, &b->unnamed);
	(void)fprintf(f, "%s%s%s%s%s", b->luks ? "" : " no-luks", b->md ? "" : " no-md", b->lvm ? "" : " no-lvm",
		      b->md_degraded ? "" : " md-whole", b->lvm_partial ? " lvm-partial" : "");
	(void)fprintf(f, "%s%s%s", b->md_imsm ? "" : " no-imsm", b->md_ddf ? "" : " no-ddf",
		      b->imsm_anywhere ? " imsm-anywhere" : "");
	put_list(f, " md=", b->md_uuids);
	put_list(f, " vg=", b->lvm_vgs);
	put_list(f, " lv=", b->lvm_lvs);
	(void)fclose(f);
	return text;
}

static const struct row {
	const char *words, *told, *crypttab;
} rows[] = {
	{ "", "", NULL },
	{ "rd.luks=0 rd.md=no rd.lvm=off", " no-luks no-md no-lvm", NULL },
	{ "luks=0", " no-luks", NULL },
	{ "rd.md.degraded=0 rd.lvm.partial", " md-whole lvm-partial", NULL },
	{ "rd.md.imsm=0", " no-imsm", NULL },
	{ "rd.md.ddf=0", " no-ddf", NULL },
	{ "IMSM_NO_PLATFORM=1", " imsm-anywhere", NULL },
	{ "rd.luks.uuid=" U, " [UUID=" U "]", NULL },
	{ "rd.luks.uuid=luks-" U, " [UUID=" U "]", NULL },
	{ "rd.luks.uuid=" U " luks.uuid=" U, " [UUID=" U "]", NULL },
	{ "rd.luks.uuid=" U " rd.luks.uuid=" V, " [UUID=" U "] [UUID=" V "]", NULL },
	{ "rd.luks.name=" U "=root", " [UUID=" U " name=root]", NULL },
	{ "rd.luks.uuid=" U " rd.luks.name=" U "=root", " [UUID=" U " name=root]", NULL },
	{ "rd.luks.name=" U "=a/b", " [UUID=" U "]", NULL },
	{ "rd.luks.key=" U "=/key", " [UUID=" U " key=/key]", NULL },
	{ "rd.luks.key=" U "=/key:LABEL=stick", " [UUID=" U " key=/key on=LABEL=stick]", NULL },
	{ "rd.luks.key=/key:UUID=x rd.luks.uuid=" U, " [UUID=" U " key=/key on=UUID=x] [* key=/key on=UUID=x]", NULL },
	{ "rd.luks.options=tries=5", " [* tries=5 tries:5]", NULL },
	{ "rd.luks.timeout=20", " [* timeout:20s]", NULL },
	{ "rd.luks.timeout=1min rd.luks.uuid=" U " rd.luks.options=" V "=timeout=5",
	  " [UUID=" U " timeout:60s] [UUID=" V " timeout=5 timeout:5s] [* timeout:60s]", NULL },
	{ "rd.luks.timeout=0", "", NULL },
	{ "rd.luks.key=/key rd.luks.key=" U "=/own rd.luks.uuid=" V,
	  " [UUID=" U " key=/own] [UUID=" V " key=/key] [* key=/key]", NULL },
	{ "rd.luks.options=discard,key-slot=1 rd.luks.uuid=" U,
	  " [UUID=" U " discard,key-slot=1] [* discard,key-slot=1]", NULL },
	{ "rd.luks.options=" U "=discard rd.luks.uuid=" V, " [UUID=" U " discard] [UUID=" V "]", NULL },
	{ "rd.luks.key=" U "=/dev/sdb1", " [UUID=" U " key=itself on=/dev/sdb1]", NULL },
	{ "rd.luks.key=" U "=LABEL=stick", " [UUID=" U " key=itself on=LABEL=stick]", NULL },
	{ "rd.luks.key=" U "=/dev/urandom", " [UUID=" U " key=/dev/urandom]", NULL },
	{ "rd.luks.key=" U "=/k:/dev/disk/by-path/pci-0000:00:1f.2-usb-0:1",
	  " [UUID=" U " key=/k on=/dev/disk/by-path/pci-0000:00:1f.2-usb-0:1]", NULL },
	{ "rd.luks.key=" U "=/k rd.luks.key=" U "=none", " [UUID=" U "]", NULL },
	/* dracut's third part */
	{ "rd.luks.key=/k:LABEL=s:UUID=" U, " [UUID=" U " key=/k on=LABEL=s]", NULL },
	{ "rd.luks.key=/k:LABEL=s:UUID=luks-" U " rd.luks.uuid=" U, " [UUID=" U " key=/k on=LABEL=s]", NULL },
	{ "rd.luks.key=/k::UUID=" U, " [UUID=" U " key=/k]", NULL },
	{ "rd.luks.key=/k:LABEL=s:/dev/vda2 rd.luks.key=/l:LABEL=s:/dev/vdb2 rd.luks.key=/m:LABEL=s:/dev/vda2",
	  " [/dev/vda2 key=/m on=LABEL=s] [/dev/vdb2 key=/l on=LABEL=s]", NULL },
	{ "rd.luks.header=" U "=/h", " [UUID=" U " header=/h header=/h]", NULL },
	{ "rd.luks.header=" U "=/h:LABEL=s", " [UUID=" U " header=/h on=LABEL=s header=/h:LABEL=s]", NULL },
	{ "rd.luks.header=" U "=/dev/sdb1", " [UUID=" U " header=itself on=/dev/sdb1 header=/dev/sdb1]", NULL },
	{ "rd.luks.options=" U "=header=/a,header=/h:UUID=s",
	  " [UUID=" U " header=/h on=UUID=s header=/a,header=/h:UUID=s]", NULL },
	/* The data carries no UUID: what else is said of the container still is of it. */
	{ "rd.luks.uuid=" U " rd.luks.data=" U "=PARTUUID=p rd.luks.options=" U "=header=/h rd.luks.name=" U "=n",
	  " [PARTUUID=p name=n header=/h header=/h]", NULL },
	{ "rd.luks.data=" U "=/dev/vdb", " [/dev/vdb]", NULL },
	{ "rd.md.uuid=01234567:89abcdef:01234567:89abcdef", " md=01234567-89ab-cdef-0123-456789abcdef", NULL },
	{ "rd.md.uuid=" U " rd.md.uuid=" V, " md=" U "," V, NULL },
	{ "rd.lvm.vg=vg rd.lvm.lv=vg/root rd.lvm.lv=vg/swap", " vg=vg lv=vg/root,vg/swap", NULL },

	{ "", " [UUID=x name=root]", "root UUID=x none\n" },
	{ "", " [UUID=x name=root luks,discard]", "root UUID=x none luks,discard\n" },
	{ "", " [UUID=x name=root key=/k on=UUID=y]", "root UUID=x /k:UUID=y\n" },
	{ "rd.luks.options=" U "=read-only", " [UUID=" U " name=root read-only]", "root UUID=" U "\n" },
	{ "rd.luks.key=/k rd.luks.options=discard",
	  " [UUID=x name=a key=/own luks] [UUID=y name=b key=/k discard] [* key=/k discard]",
	  "a UUID=x /own luks\nb UUID=y\n" },
};

static void words(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(boot_free) struct boot b = { 0 };
		const struct boot_text text = { .kernel = rows[i].words, .crypttab = rows[i].crypttab };
		_cleanup_free_ char *seen = NULL;

		assert_int_equal(boot_parse(&text, &b), 0);
		seen = told(&b);
		if (!streq(seen, rows[i].told))
			fail_msg("\"%s\":%s, not%s", rows[i].words, seen, rows[i].told);
	}
}

/* What cannot be used is told, with what could. */
static void warnings(void **state)
{
	static const struct {
		const char *words, *warning, *crypttab;
	} bad[] = {
		{ "rd.luks.uuid", "the UUID of", NULL },
		{ "rd.luks.name=root", "UUID=NAME", NULL },
		{ "rd.luks.name=" U "=", "UUID=NAME", NULL },
		{ "rd.luks.name=" U "=a/b", "UUID=NAME", NULL },
		{ "rd.luks.data=" U "=nowhere", "UUID=DEVICE", NULL },
		{ "rd.luks.key=/k:nowhere rd.luks.uuid=" U, "PATH:DEVICE", NULL },
		{ "rd.luks.key=" U "=/k:nowhere", "PATH:DEVICE", NULL },
		{ "rd.luks.key=" U "=k", "PATH:DEVICE", NULL },
		{ "rd.luks.key=/k:LABEL=s:/dev/../x", "PATH:[DEVICE]:CONTAINER", NULL },
		{ "rd.luks.header=" U "=/h:nowhere", "names no file and no device", NULL },
		{ "", "names no file and no device", "a UUID=x none header=h\n" },
		{ "rd.md.uuid=1234", "32 hexadecimal", NULL },
		{ "rd.md.uuid=" U "0", "32 hexadecimal", NULL },
		{ "rd.md.uuid=g1234567-89ab-cdef-0123-456789abcdef", "32 hexadecimal", NULL },
		{ "rd.lvm.vg=a/b", "volume group", NULL },
		{ "rd.lvm.lv=root", "GROUP/VOLUME", NULL },
		{ "rd.lvm.lv=/root", "GROUP/VOLUME", NULL },
		{ "rd.lvm.lv=vg/", "GROUP/VOLUME", NULL },
		{ "rd.lvm.lv=a/b/c", "GROUP/VOLUME", NULL },
		{ "rd.luks=maybe", "1, yes", NULL },
		{ "rd.luks.timeout=soon", "seconds", NULL },
		{ "rd.luks.options=tries=x", "option tries=x of all LUKS containers: its value", NULL },
		{ "", "option plain of a: only LUKS", "a UUID=x none plain\n" },
		{ "", "line 2 of /etc/crypttab has no source", "a UUID=x\nb\n" },
		{ "", "line 1 of /etc/crypttab names no block device", "a nowhere\n" },
		{ "", "line 1 of /etc/crypttab names no device for its key", "a UUID=x /k:UUID=\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(boot_free) struct boot b = { 0 };
		const struct boot_text text = { .kernel = bad[i].words, .crypttab = bad[i].crypttab };

		assert_int_equal(boot_parse(&text, &b), 0);
		if (!b.warnings || !strstr(b.warnings[0], bad[i].warning))
			fail_msg("%s: %s", bad[i].words, b.warnings ? b.warnings[0] : "no warning");
	}
}

static int parse_all(void *data)
{
	_cleanup_(boot_free) struct boot b = { 0 };
	const struct boot_text text = {
		.kernel = "rd.luks.name=" U "=a rd.luks.key=/k:UUID=x rd.luks.options=" V "=discard rd.md.uuid=" U
			  " rd.lvm.lv=a/b rd.luks.header=" U "=/h:LABEL=i rd.luks.key=/k:LABEL=j:UUID=" V
			  " rd.luks.key=/l::/dev/vdb rd.luks.data=" V "=/dev/vdc",
		.crypttab = "root UUID=y /key:UUID=z luks\n",
	};

	return boot_parse(&text, &b);
}

static void out_of_memory(void **state)
{
	assert_true(memory_sweep(parse_all, NULL) > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(warnings),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
