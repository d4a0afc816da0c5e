/* SPDX-License-Identifier: MIT */
/* content: the bytes of a file of the tree, mapped while they are looked at. */
#include <errno.h>
#include <sys/mman.h>

#include "image/content.h"

int content_open_fd(int fd, struct content *ret)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	/* mmap(2) maps no empty file. */
	if (st.st_size == 0) {
		*ret = (struct content){ .data = "" };
		return 0;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	*ret = (struct content){ .data = data, .size = (size_t)st.st_size, .mapped = true };
	return 0;
}

int content_open(const struct tree_node *n, struct content *ret)
{
	_cleanup_content_ struct content c = { 0 };
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!n->source) {
		*ret = (struct content){ .data = n->bytes, .size = n->size };
		return 0;
	}
	fd = tree_node_open(n);
	if (fd < 0)
		return fd;
	r = content_open_fd(fd, &c);
	if (r < 0)
		return r;
	if (c.size != n->size)
		return -ESTALE;
	*ret = c;
	c = (struct content){ 0 };
	return 0;
}

void content_close(struct content *c)
{
	if (c->mapped)
		(void)munmap((void *)c->data, c->size);
	*c = (struct content){ 0 };
}
