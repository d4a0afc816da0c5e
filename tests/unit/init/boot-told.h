/* SPDX-License-Identifier: MIT */
/* boot-told: what a command line asks for, as a text: rows of words and what they change. */
#pragma once

#include "base/clock.h"
#include "base/macro.h"
#include "base/strv.h"
#include "init/boot.h"
#include "unit/unit.h"

static inline void put_list(FILE *f, const char *name, char *const *words)
{
	STRV_FOREACH(w, words)
		(void)fprintf(f, "%s%s", w == words ? name : ",", *w);
}

static inline void put_span(FILE *f, const char *name, uint64_t usec, uint64_t usual)
{
	if (usec == USEC_FOREVER)
		(void)fprintf(f, " %s=ever", name);
	else if (usec != usual)
		(void)fprintf(f, " %s=%llu ms", name, (unsigned long long)(usec / USEC_PER_MSEC));
}

static inline void put_text(FILE *f, const char *name, const char *text)
{
	if (text)
		(void)fprintf(f, " %s=<%s>", name, text);
}

static inline void put_mount(FILE *f, const char *name, const struct boot_mount *m)
{
	put_text(f, name, m->spec.text);
	put_text(f, "fstype", m->fstype);
	put_text(f, "flags", m->flags);
}

/* All that differs from what an empty command line asks for. */
static inline char *told(const struct boot *b)
{
	static const char *const modes[] = { "auto", "force", "skip" }, *const repairs[] = { "preen", "yes", "no" };
	static const char *const acts[] = { "exit", "reboot", "poweroff", "halt" };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	put_mount(f, "root", &b->root);
	put_text(f, "file", b->file.path);
	put_mount(f, "on", &b->file.host);
	put_text(f, "archives", b->ram.archives);
	put_mount(f, "medium", &b->ram.medium);
	put_text(f, "ram", b->ram.options);
	put_text(f, "stay", b->ram.stay == STAY_NOT ? NULL : b->ram.stay == STAY_HERE ? "here" : "copied");
	put_mount(f, "usr", &b->usr);
	put_text(f, "verity", b->verity);
	(void)fprintf(f, "%s%s", b->root.spec.kind == SPEC_GPT ? " discovered" : "", b->gpt_auto ? "" : " no-gpt");
	(void)fprintf(f, "%s", b->rw ? " rw" : "");
	put_span(f, "timeout", b->timeout, 90 * USEC_PER_SEC);
	put_span(f, "delay", b->delay, 0);
	put_text(f, "mode", b->fsck_mode == FSCK_AUTO ? NULL : modes[b->fsck_mode]);
	put_text(f, "repair", b->fsck_repair == REPAIR_PREEN ? NULL : repairs[b->fsck_repair]);
	put_text(f, "init", b->init);
	put_text(f, "resume", b->resume.text);
	put_list(f, " break=", b->breaks);
	put_text(f, "shell", b->shell == UNSET ? NULL : b->shell == YES ? "yes" : "no");
	put_text(f, "emergency", b->emergency == EMERGENCY_EXIT ? NULL : acts[b->emergency]);
	put_list(f, " modules=", b->modules);
	(void)fprintf(f, "%s%s%s", b->debug ? " debug" : "", b->serialize ? "" : " plain",
		      b->api == API_CLEAN ? " clean" : "");
	(void)fclose(f);
	return text;
}

struct row {
	const char *words, *told;
};

static inline void compare(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_(boot_free) struct boot b = { 0 };
		_cleanup_free_ char *text = NULL;

		assert_int_equal(boot_parse(&(struct boot_text){ .kernel = rows[i].words }, &b), 0);
		text = told(&b);
		if (!streq(text, rows[i].told))
			fail_msg("\"%s\":%s, not%s", rows[i].words, text, rows[i].told);
		if (b.warnings)
			fail_msg("\"%s\": %s", rows[i].words, b.warnings[0]);
	}
}
