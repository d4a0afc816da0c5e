/* SPDX-License-Identifier: MIT */
/* stack: what was asked of arrays and volume groups below the root: rd.md.*= and rd.lvm.*=. */
#include "base/strv.h"
#include "init/stack.h"

static int on_md(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->md);
}

/* mdadm writes a UUID with colons, libblkid with dashes; both are 32 digits. */
static int on_md_uuid(struct boot *b, const struct cmdline_word *w)
{
	char plain[33], uuid[37];
	size_t n = 0;

	for (const char *p = w->value ? w->value : ""; *p && n < sizeof(plain); p++)
		if (!strchr(":-.", *p))
			plain[n++] = *p;
	if (n != 32 || strspn(plain, "0123456789abcdefABCDEF") < 32)
		return option_warn(b, w, "the UUID of an array, 32 hexadecimal digits");
	plain[32] = '\0';
	(void)snprintf(uuid, sizeof(uuid), "%.8s-%.4s-%.4s-%.4s-%.12s", plain, plain + 8, plain + 12, plain + 16,
		       plain + 20);
	return strv_push(&b->md_uuids, uuid);
}

static int on_md_degraded(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->md_degraded);
}

static int on_md_imsm(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->md_imsm);
}

static int on_md_ddf(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->md_ddf);
}

/* mdadm's own variable, which the kernel would give to init, and nobody to mdadm. */
static int on_imsm_no_platform(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->imsm_anywhere);
}

static int on_lvm(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->lvm);
}

static int on_lvm_vg(struct boot *b, const struct cmdline_word *w)
{
	if (!w->value || !*w->value || strchr(w->value, '/'))
		return option_warn(b, w, "the name of a volume group");
	return strv_push(&b->lvm_vgs, w->value);
}

static int on_lvm_lv(struct boot *b, const struct cmdline_word *w)
{
	const char *slash = w->value ? strchr(w->value, '/') : NULL;

	if (!slash || slash == w->value || !slash[1] || strchr(slash + 1, '/'))
		return option_warn(b, w, "GROUP/VOLUME");
	return strv_push(&b->lvm_lvs, w->value);
}

static int on_lvm_partial(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->lvm_partial);
}

const struct option stack_options[] = {
	{ "rd.md",            on_md               },
	{ "rd.md.uuid",       on_md_uuid          },
	{ "rd.md.degraded",   on_md_degraded      },
	{ "rd.md.imsm",       on_md_imsm          },
	{ "rd.md.ddf",        on_md_ddf           },
	{ "IMSM_NO_PLATFORM", on_imsm_no_platform },
	{ "rd.lvm",           on_lvm              },
	{ "rd.lvm.vg",        on_lvm_vg           },
	{ "rd.lvm.lv",        on_lvm_lv           },
	{ "rd.lvm.partial",   on_lvm_partial      },
	{ NULL,               NULL                },
};
