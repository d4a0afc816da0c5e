/* SPDX-License-Identifier: MIT */
/* crypt-option: the words of crypttab(5)'s fourth field. */
#include <errno.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/strv.h"
#include "init/crypt-option.h"

/* All return false where the value makes no sense; it is "" for the bare word. */

static bool set_tries(struct volume *v, const char *value)
{
	uint64_t n;

	if (number_parse(value, TRIES_FOREVER - 1, &n) < 0)
		return false;
	v->tries = n == 0 ? TRIES_FOREVER : (unsigned int)n;
	return true;
}

static bool set_timeout(struct volume *v, const char *value)
{
	return clock_parse_span(value, &v->ask_timeout) == 0;
}

static bool set_key_timeout(struct volume *v, const char *value)
{
	return clock_parse_span(value, &v->key_timeout) == 0;
}

static bool set_echo(struct volume *v, const char *value)
{
	int answer = cmdline_answer(value);

	if (streq(value, "masked"))
		v->echo = ECHO_STARS;
	else if (answer >= 0)
		v->echo = answer ? ECHO_TEXT : ECHO_NOTHING;
	return answer >= 0 || streq(value, "masked");
}

static bool set_headless(struct volume *v, const char *value)
{
	int answer = cmdline_answer(*value ? value : NULL);

	if (answer >= 0)
		v->headless = answer;
	return answer >= 0;
}

static bool set_nofail(struct volume *v, const char *value)
{
	return v->nofail = true;
}

static bool set_noauto(struct volume *v, const char *value)
{
	return v->noauto = true;
}

enum use {
	CRYPTSETUP, /* `option` of it */
	OURS,       /* `set` */
	NOTHING,    /* for the running system, or LUKS does not need it */
	REFUSED,    /* `why` */
};

/* Why a word does nothing. */
static const char other_type[] = "only LUKS containers are opened",
		  no_token[] = "no token is asked, but a key or a passphrase",
		  no_script[] = "no script is run, but a key or a passphrase is asked for",
		  not_done[] = "this is not done in the initramfs";

#define PASS(w, o)   { .word = w, .use = CRYPTSETUP, .option = o }
#define HERE(w, f)   { .word = w, .use = OURS, .set = f }
#define NONE(w)      { .word = w, .use = NOTHING }
#define DENY(w, why) { .word = w, .use = REFUSED, .option = why }

/* A word that ends in '=' has a value. The first row that fits counts. */
static const struct word {
	const char *word;
	enum use use;
	const char *option; /* of cryptsetup(8), CRYPTSETUP; or why, REFUSED */
	bool (*set)(struct volume *v, const char *value);
} words[] = {
	PASS("discard", "--allow-discards"),
	PASS("allow-discards", "--allow-discards"),
	PASS("read-only", "--readonly"),
	PASS("readonly", "--readonly"),
	PASS("same-cpu-crypt", "--perf-same_cpu_crypt"),
	PASS("submit-from-crypt-cpus", "--perf-submit_from_crypt_cpus"),
	PASS("no-read-workqueue", "--perf-no_read_workqueue"),
	PASS("no-write-workqueue", "--perf-no_write_workqueue"),
	PASS("key-slot=", "--key-slot"),
	PASS("keyslot=", "--key-slot"),
	PASS("keyfile-offset=", "--keyfile-offset"),
	PASS("keyfile-size=", "--keyfile-size"),

	HERE("tries=", set_tries),
	HERE("timeout=", set_timeout),
	HERE("keyfile-timeout=", set_key_timeout),
	HERE("password-echo=", set_echo),
	HERE("headless=", set_headless),
	HERE("headless", set_headless),
	HERE("nofail", set_nofail),
	HERE("noauto", set_noauto),

	/* Whether it is meant for the initramfs at all, which the image's own crypttab says by being there. */
	NONE("x-initrd.attach"),
	NONE("initramfs"),
	/* The type that is opened in any case, and what its header says itself. */
	NONE("luks"),
	NONE("cipher="),
	NONE("hash="),
	NONE("size="),
	NONE("sector-size="),
	NONE("offset="),
	NONE("skip="),
	/* A typing error shows when it does not fit. */
	NONE("verify"),
	/* The contrary, which is usual. */
	NONE("auto"),
	NONE("fail"),
	/* Where it lies is volume.header, see stack.c. */
	NONE("header="),
	/* The order of the running system's units and init scripts; how long its devices are waited for. */
	NONE("_netdev"),
	NONE("noearly"),
	NONE("x-systemd."),
	/* Who looks at what was opened: libblkid does. */
	NONE("check"),
	NONE("check="),
	NONE("checkargs="),
	NONE("loud"),
	NONE("quiet"),
	/* How long tokens take, and how they are measured. */
	NONE("token-timeout="),
	NONE("tpm2-measure-"),

	DENY("plain", other_type),
	DENY("swap", other_type),
	DENY("tmp", other_type),
	DENY("tmp=", other_type),
	DENY("bitlk", other_type),
	DENY("fvault2", other_type),
	DENY("tcrypt", other_type),
	DENY("tcrypthidden", other_type),
	DENY("tcrypt-", other_type),
	DENY("veracrypt", other_type),
	DENY("veracrypt-pim=", other_type),
	DENY("pkcs11-uri=", no_token),
	DENY("fido2-", no_token),
	DENY("tpm2-", no_token),
	DENY("keyscript=", no_script),
	DENY("keyfile-erase", not_done),
	DENY("keyfile-erase=", not_done),
	DENY("try-empty-password", not_done),
	DENY("try-empty-password=", not_done),
	DENY("password-cache=", "what was typed for one container is tried on the next"),
	DENY("link-volume-key=", not_done),
};

/* `*ret_value`: what follows the word; "" for a bare one. A row that ends in '-' or '.' stands for a family. */
static const struct word *find_word(const char *text, const char **ret_value)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *rest = startswith(text, words[i].word);

		if (!rest || (*rest && !strchr("=-.", words[i].word[strlen(words[i].word) - 1])))
			continue;
		*ret_value = rest;
		return &words[i];
	}
	return NULL;
}

const char *crypt_option_for_cryptsetup(const char *text, const char **ret_value)
{
	const char *value;
	const struct word *w = find_word(text, &value);

	if (!w || w->use != CRYPTSETUP)
		return NULL;
	*ret_value = endswith(w->word, "=") ? value : NULL;
	return w->option;
}

static int warn(struct boot *b, const struct volume *v, const char *text, const char *why)
{
	const char *of = v->name ? v->name : v->source.text ? v->source.text : "all LUKS containers";
	_cleanup_free_ char *warning = NULL;

	if (asprintf(&warning, "option %s of %s: %s, ignoring", text, of, why) < 0)
		return -ENOMEM;
	return strv_push(&b->warnings, warning);
}

int crypt_options_read(struct boot *b, struct volume *v)
{
	int r = 0;

	STRV_FOREACH(text, v->options) {
		const char *value;
		const struct word *w = find_word(*text, &value);

		if (r < 0)
			break;
		if (!w)
			r = warn(b, v, *text, "crypttab(5) does not have it");
		else if (w->use == REFUSED)
			r = warn(b, v, *text, w->option);
		else if (w->use == OURS && !w->set(v, value))
			r = warn(b, v, *text, "its value makes no sense");
	}
	return r;
}
