/* SPDX-License-Identifier: MIT */
/* proof-hardware: each driver from the root's disks, and from the keyboard, up to the bus. */
#include <errno.h>

#include "base/strv.h"
#include "image/proof.h"

/* Is the module one of those that the alias stands for? */
static int stands_for(const struct modset *m, const char *alias, const char *module, bool *ret)
{
	_cleanup_strv_ char **names = NULL;
	int r = modset_resolve(m, alias, &names);

	if (r == 0)
		*ret = strv_contains(names, module);
	return r == -EBADMSG ? 0 : r;
}

static const char *device_name(const struct target_device *d)
{
	const char *slash = strrchr(d->path, '/');

	return slash ? slash + 1 : d->path;
}

static int prove_module(struct proof *p, const struct target_device *d, const char *module, const char *what_for)
{
	const char *file = proof_refused(p, module);
	bool known = false, found = false;
	int r;

	if (proof_lacks(p, module))
		return doubt(p, "cannot drive %s (%s), %s: its driver %s is not in the image", device_name(d),
			     d->modalias ?: "no modalias", what_for, module);
	if (file)
		return doubt(p, "cannot drive %s (%s), %s: /%s of the image forbids to load its driver %s",
			     device_name(d), d->modalias ?: "no modalias", what_for, file, module);
	if (!d->modalias || !p->known || !p->indexed || modset_is_builtin(&p->have, module))
		return 0;
	/* Loaded by its modalias on this machine: then in the image too. */
	r = stands_for(&p->all, d->modalias, module, &known);
	if (r == 0 && known)
		r = stands_for(&p->have, d->modalias, module, &found);
	if (r < 0 || !known || found)
		return r;
	return doubt(p, "cannot drive %s, %s: modules.alias.bin of the image does not lead from %s to its driver %s",
		     device_name(d), what_for, d->modalias, module);
}

/*
 * A driver that is built into the running kernel may be a module of the one that the image is for; then it is called as
 * the driver is.
 */
static int prove_builtin(struct proof *p, const struct target_device *d, const char *what_for)
{
	_cleanup_free_ char *name = strdup(d->driver);
	bool found = false;
	int r = 0;

	if (!name)
		return -ENOMEM;
	for (char *c = name; (c = strchr(c, '-'));)
		*c = '_';
	if (d->modalias && p->known && !modset_is_builtin(&p->all, name))
		r = stands_for(&p->all, d->modalias, name, &found);
	return r == 0 && found ? prove_module(p, d, name, what_for) : r;
}

static int prove_devices(struct proof *p, bool input, const char *what_for)
{
	const struct target *t = p->subject->target;
	size_t before = proof_failures(p), n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n_devices; i++) {
		const struct target_device *d = &t->devices[i];

		if (d->input != input || !d->driver)
			continue;
		n++;
		r = d->module ? prove_module(p, d, d->module, what_for) : prove_builtin(p, d, what_for);
	}
	if (r < 0 || proof_failures(p) > before)
		return r;
	return n > 0 ? proved(p, "the drivers of %zu devices %s are there", n, what_for)
		     : skipped(p, "this machine has no devices %s", what_for);
}

int prove_drivers(struct proof *p)
{
	if (!p->subject->target)
		return skipped(p, "%s", p->subject->no_target);
	return prove_devices(p, false, "on the way to the root");
}

int prove_keyboard(struct proof *p)
{
	if (!p->subject->target)
		return skipped(p, "%s", p->subject->no_target);
	if (!target_may_prompt(p->subject->target))
		return skipped(p, "nothing asks for a passphrase");
	return prove_devices(p, true, "of the keyboard");
}
