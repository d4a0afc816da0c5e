/* SPDX-License-Identifier: MIT */
/*
 * verify: proves, without booting it, that an image will boot what it is for; or says what it lacks.
 *
 * A function of what is in the image and of what is known about the machine: nothing is run, nothing is asked of
 * the system that slipway runs on but the files of `sysroot`. Each proof is a row in verify.c; what cannot be
 * known (hardware that fails, a passphrase, what a foreign script does) is not proved.
 */
#pragma once

#include "image/sysroot.h"
#include "image/target.h"
#include "image/tree.h"

/* What is looked at. All of it is borrowed. */
struct subject {
	const struct tree *tree;
	const char *kernel;    /* which of lib/modules; NULL: the one that is there */
	char *const *formats;  /* strv: how each archive of the file is compressed; NULL: not looked at */
	bool late_microcode;   /* struct contents */
	bool ours;             /* slipway wrote it: what slipway always puts in is expected */
	bool generic;          /* it is to boot any machine: what module_rules[] says is expected */
	char *const *left_out; /* strv: modules that the configuration leaves out of it */

	/* What is known of the system that it is for. */
	const struct sysroot *sysroot;
	const char *modules;         /* the kernel's directory there; NULL: it is not there */
	const char *fstype;          /* of the root; NULL: not known */
	const char *fstype_from;     /* who says so */
	const struct target *target; /* the machine; NULL: not known, and … */
	const char *no_target;       /* … why not */
};

enum verdict {
	VERDICT_PROVED,
	VERDICT_SKIPPED, /* it does not apply, or cannot be known */
	VERDICT_DOUBT,   /* it may not do all that it should */
	VERDICT_FATAL,   /* it cannot boot anything */
};

struct finding {
	const char *proof; /* its name */
	enum verdict verdict;
	char *text; /* what was seen; why it is skipped; "cannot …: why, remedy" */
};

struct findings {
	struct finding *items;
	size_t n;
	size_t doubts, fatals;
};

/* All proofs; the findings are in their order. 0, or -errno after what could not be read was logged. */
int verify(const struct subject *s, struct findings *ret);
void findings_free(struct findings *f);

/* Errors, warnings, and for LOG_DEBUG all others. `remark` ends each warning: ", ignoring"; or "". */
void findings_log(const struct findings *f, const char *remark);

#define _cleanup_findings_ _cleanup_(findings_free)
