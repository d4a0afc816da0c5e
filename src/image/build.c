/* SPDX-License-Identifier: MIT */
/* build: from what was asked to an image, in passes. */
#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "image/build.h"
#include "image/image.h"
#include "image/output.h"
#include "image/pack.h"
#include "image/uki.h"

/* In this order: closure looks at what the others have added, and manifest says what all of them have. */
static const struct pass {
	const char *name;
	int (*add)(struct build *b);
} passes[] = {
	{ "format",   format_choose },
	{ "layout",   layout_add   },
	{ "init",     init_add     },
	{ "systemd",  systemd_add  },
	{ "files",    files_add    },
	{ "modules",  modules_add  },
	{ "modprobe", modprobe_add },
	{ "fsck",     fsck_add     },
	{ "rescue",   rescue_add   },
	{ "crypttab", crypttab_add },
	{ "storage",  storage_add  },
	{ "keymap",   keymap_add   },
	{ "etc",      etc_add      },
	{ "closure",  closure_add  },
	{ "microcode", microcode_add },
	{ "reserve",  reserve_add  },
	{ "manifest", manifest_add },
};

bool build_interrupted(void)
{
	static const int stop[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(stop); i++)
		if (sigismember(&pending, stop[i]))
			return true;
	return false;
}

static int interrupted(void)
{
	if (!build_interrupted())
		return 0;
	log_error("cannot go on: interrupted, the old file is kept");
	return -EINTR;
}

static int run_passes(struct build *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(passes); i++) {
		uint64_t start = clock_monotonic();
		size_t before = b->tree.n;
		int r;

		progress_step(b->progress, passes[i].name, 0);
		build_into(b, SEGMENT_MAIN);
		r = passes[i].add(b);

		if (r == 0)
			r = interrupted();
		if (r < 0)
			return r;
		log_debug("pass %s: %zu paths, %.1f ms", passes[i].name, b->tree.n - before,
			  (double)(clock_monotonic() - start) / USEC_PER_MSEC);
	}
	return 0;
}

static void tell_reasons(const struct tree *t)
{
	if (log_get_level() < LOG_DEBUG)
		return;
	TREE_FOREACH(n, t)
		log_debug("/%s: %s%s%s", n->path, n->reason, n->by ? " /" : "",
			  n->by ? n->by->path : "");
}

static void build_free(struct build *b)
{
	tree_free(&b->tree);
	kernel_config_free(&b->kernel_config);
}

static int unify(const struct config *c, struct buffer *image)
{
	_cleanup_buffer_ struct buffer initrd = *image;

	*image = (struct buffer){ 0 };
	return uki_make(c, &initrd, image);
}

int build_image(const struct config *c, bool *ret_doubts)
{
	_cleanup_progress_ struct progress progress = { 0 };
	_cleanup_(build_free) struct build b = { .config = c, .progress = &progress };
	_cleanup_(packed_free) struct packed p = { 0 };
	uint64_t start = clock_monotonic();
	bool doubts = false;
	int r;

	progress_open(&progress, c->kernel);
	r = run_passes(&b);
	if (r == 0) {
		tell_reasons(&b.tree);
		r = judge(&b, &doubts);
	}
	if (r == 0)
		r = pack(&b, &p);
	if (r == 0 && c->uki) {
		progress_step(&progress, "unified kernel image", 0);
		r = unify(c, &p.image);
	}
	if (r == 0)
		r = interrupted();
	if (r == 0) {
		progress_step(&progress, "write", 0);
		r = output_write(c->image, p.image.data, p.image.size);
	}
	if (r == -ENOMEM)
		log_error("cannot build %s: out of memory", c->image);
	if (r < 0)
		return r;
	log_info("%s: %.1f MB (%.1f MB unpacked), %zu files, %.1f s", c->image,
		 (double)p.image.size / 1e6, (double)p.unpacked / 1e6, b.tree.n,
		 (double)(clock_monotonic() - start) / USEC_PER_SEC);
	*ret_doubts = doubts;
	return 0;
}

int build_now(const struct config *c, struct image *ret)
{
	_cleanup_progress_ struct progress progress = { 0 };
	_cleanup_(build_free) struct build b = { .config = c, .progress = &progress };
	_cleanup_(packed_free) struct packed p = { 0 };
	int r;

	progress_open(&progress, c->kernel);
	r = run_passes(&b);
	if (r == 0)
		r = pack(&b, &p);
	if (r == -ENOMEM)
		log_error("cannot build what is to be looked at: out of memory");
	return r < 0 ? r : image_take("what would be built now", TAKE_PTR(p.image.data), p.image.size, ret);
}
