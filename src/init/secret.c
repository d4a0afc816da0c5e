/* SPDX-License-Identifier: MIT */
/* secret: passphrases that were typed. */
#include <errno.h>
#include <sys/mman.h>

#include "init/secret.h"

struct secrets {
	struct secret items[SECRETS_MAX];
};

int secrets_open(struct secrets **s)
{
	void *memory;

	if (*s)
		return 0;
	memory = mmap(NULL, sizeof(**s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	/* No swap is on that early: that it cannot be locked is no reason not to boot. */
	(void)mlock(memory, sizeof(**s));
	(void)madvise(memory, sizeof(**s), MADV_DONTDUMP);
	*s = memory;
	return 0;
}

struct secret *secrets_at(struct secrets *s, unsigned int i)
{
	return s ? &s->items[i % SECRETS_MAX] : NULL;
}

void secrets_close(struct secrets **s)
{
	if (!*s)
		return;
	explicit_bzero(*s, sizeof(**s));
	(void)munmap(*s, sizeof(**s));
	*s = NULL;
}
