/* SPDX-License-Identifier: MIT */
/* test-crypt-option: crypttab(5)'s words: what becomes of each. */
#include <limits.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strv.h"
#include "init/crypt-option.h"
#include "unit/unit.h"

#define SEC USEC_PER_SEC

#define PASS(w, o, v) { .word = w, .option = o, .value = v }
#define SETS(w, ...)  { .word = w, .volume = { __VA_ARGS__ } }
#define NONE(w)       { .word = w }
#define TELL(w, text) { .word = w, .warning = text }

/* All that crypttab(5) of systemd 257 and of cryptsetup 2.7 (Debian) name. */
static const struct row {
	const char *word;
	const char *option, *value; /* cryptsetup's */
	const char *warning;        /* a part of it; NULL: none */
	struct volume volume;       /* what it sets */
} rows[] = {
	PASS("discard", "--allow-discards", NULL),
	PASS("allow-discards", "--allow-discards", NULL),
	PASS("read-only", "--readonly", NULL),
	PASS("readonly", "--readonly", NULL),
	PASS("same-cpu-crypt", "--perf-same_cpu_crypt", NULL),
	PASS("submit-from-crypt-cpus", "--perf-submit_from_crypt_cpus", NULL),
	PASS("no-read-workqueue", "--perf-no_read_workqueue", NULL),
	PASS("no-write-workqueue", "--perf-no_write_workqueue", NULL),
	NONE("header=/h"),
	PASS("key-slot=1", "--key-slot", "1"),
	PASS("keyslot=2", "--key-slot", "2"),
	PASS("keyfile-offset=512", "--keyfile-offset", "512"),
	PASS("keyfile-size=64", "--keyfile-size", "64"),

	SETS("tries=1", .tries = 1),
	SETS("tries=0", .tries = UINT_MAX),
	TELL("tries=many", "makes no sense"),
	TELL("tries=", "makes no sense"),
	TELL("tries=-1", "makes no sense"),
	SETS("timeout=90", .ask_timeout = 90 * SEC),
	SETS("timeout=2min", .ask_timeout = 120 * SEC),
	NONE("timeout=0"),
	TELL("timeout=soon", "makes no sense"),
	SETS("keyfile-timeout=5s", .key_timeout = 5 * SEC),
	SETS("password-echo=masked", .echo = ECHO_STARS),
	SETS("password-echo=yes", .echo = ECHO_TEXT),
	SETS("password-echo=no", .echo = ECHO_NOTHING),
	TELL("password-echo=", "makes no sense"),
	TELL("password-echo=perhaps", "makes no sense"),
	SETS("headless", .headless = true),
	SETS("headless=1", .headless = true),
	NONE("headless=no"),
	TELL("headless=?", "makes no sense"),
	SETS("nofail", .nofail = true),
	SETS("noauto", .noauto = true),

	NONE("luks"),
	NONE("x-initrd.attach"),
	NONE("initramfs"),
	NONE("cipher=aes-xts-plain64"),
	NONE("hash=sha256"),
	NONE("size=512"),
	NONE("sector-size=4096"),
	NONE("offset=0"),
	NONE("skip=0"),
	NONE("verify"),
	NONE("auto"),
	NONE("fail"),
	NONE("_netdev"),
	NONE("noearly"),
	NONE("x-systemd.device-timeout=10s"),
	NONE("check"),
	NONE("check=blkid"),
	NONE("checkargs=ext4"),
	NONE("loud"),
	NONE("quiet"),
	NONE("token-timeout=10s"),
	NONE("tpm2-measure-pcr=yes"),
	NONE("tpm2-measure-bank=sha256"),

	TELL("plain", "option plain of root: only LUKS containers are opened, ignoring"),
	TELL("swap", "only LUKS"),
	TELL("tmp", "only LUKS"),
	TELL("tmp=ext4", "only LUKS"),
	TELL("bitlk", "only LUKS"),
	TELL("fvault2", "only LUKS"),
	TELL("tcrypt", "only LUKS"),
	TELL("tcrypthidden", "only LUKS"),
	TELL("tcrypt-hidden", "only LUKS"),
	TELL("tcrypt-keyfile=/k", "only LUKS"),
	TELL("tcrypt-system", "only LUKS"),
	TELL("tcrypt-veracrypt", "only LUKS"),
	TELL("veracrypt", "only LUKS"),
	TELL("veracrypt-pim=1", "only LUKS"),
	TELL("pkcs11-uri=auto", "no token"),
	TELL("fido2-device=auto", "no token"),
	TELL("fido2-cid=x", "no token"),
	TELL("fido2-rp=x", "no token"),
	TELL("fido2-pin=no", "no token"),
	TELL("fido2-up=no", "no token"),
	TELL("fido2-uv=no", "no token"),
	TELL("tpm2-device=auto", "no token"),
	TELL("tpm2-pcrs=7", "no token"),
	TELL("tpm2-pin=no", "no token"),
	TELL("tpm2-pcrlock=/p", "no token"),
	TELL("tpm2-signature=/s", "no token"),
	TELL("keyscript=decrypt_derived", "no script is run"),
	TELL("keyfile-erase", "not done"),
	TELL("keyfile-erase=yes", "not done"),
	TELL("try-empty-password", "not done"),
	TELL("try-empty-password=yes", "not done"),
	TELL("password-cache=no", "tried on the next"),
	TELL("link-volume-key=@u::x", "not done"),

	TELL("discards", "does not have it"),
	TELL("nofailure", "does not have it"),
	TELL("header", "does not have it"),
	TELL("", "does not have it"),
};

static void assert_same(const struct row *row, const struct volume *v)
{
	const struct volume *w = &row->volume;

	if (v->tries != w->tries || v->ask_timeout != w->ask_timeout || v->key_timeout != w->key_timeout ||
	    v->echo != w->echo || v->headless != w->headless || v->nofail != w->nofail || v->noauto != w->noauto)
		fail_msg("\"%s\" sets something else", row->word);
}

static void each_word(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		char *words[] = { (char *)row->word, NULL };
		struct volume v = { .name = (char *)"root", .options = words };
		_cleanup_(boot_free) struct boot b = { 0 };
		const char *value = NULL, *option = crypt_option_for_cryptsetup(row->word, &value);

		assert_true(streq_null(option, row->option ? row->option : "") || (!option && !row->option));
		assert_true(streq_null(value, row->value ? row->value : "") || (!value && !row->value));
		assert_int_equal(crypt_options_read(&b, &v), 0);
		assert_same(row, &v);
		if (!b.warnings != !row->warning || (row->warning && !strstr(b.warnings[0], row->warning)))
			fail_msg("\"%s\": %s", row->word, b.warnings ? b.warnings[0] : "no warning");
	}
}

/* The later one of two counts. */
static void several(void **state)
{
	char *words[] = { (char *)"tries=1", (char *)"timeout=1", (char *)"tries=5", NULL };
	struct volume v = { .options = words };
	_cleanup_(boot_free) struct boot b = { 0 };

	assert_int_equal(crypt_options_read(&b, &v), 0);
	assert_int_equal(v.tries, 5);
	assert_int_equal(v.ask_timeout, SEC);
	assert_null(b.warnings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word),
		cmocka_unit_test(several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
