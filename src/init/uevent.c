/* SPDX-License-Identifier: MIT */
/* uevent: reading the kernel's device messages. */
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "base/number.h"
#include "init/uevent.h"

#define RECEIVE_BYTES (16 << 20) /* room for some 10 000 events while fsck runs */

struct numbers {
	uint64_t major, minor;
	bool have_major, have_minor;
};

static int take_line(char *line, struct uevent *u, struct numbers *n)
{
	static const struct {
		const char *key;
		size_t offset;
	} strings[] = {
		{ "DEVPATH=",   offsetof(struct uevent, devpath)   },
		{ "SUBSYSTEM=", offsetof(struct uevent, subsystem) },
		{ "DEVNAME=",   offsetof(struct uevent, devname)   },
		{ "DEVTYPE=",   offsetof(struct uevent, devtype)   },
		{ "MODALIAS=",  offsetof(struct uevent, modalias)  },
		{ "PARTNAME=",  offsetof(struct uevent, partname)  },
	};
	const char *value;
	uint64_t partn;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if ((value = startswith(line, strings[i].key))) {
			*(const char **)((char *)u + strings[i].offset) = value;
			return 0;
		}
	if ((value = startswith(line, "MAJOR=")))
		return (n->have_major = number_parse(value, DEV_MAJOR_MAX, &n->major) == 0) ? 0 : -EINVAL;
	if ((value = startswith(line, "MINOR=")))
		return (n->have_minor = number_parse(value, DEV_MINOR_MAX, &n->minor) == 0) ? 0 : -EINVAL;
	if ((value = startswith(line, "PARTN="))) {
		if (number_parse(value, PARTN_MAX, &partn) < 0)
			return -EINVAL;
		u->partn = (int)partn;
	}
	return 0;
}

/* Below /sys: "/devices/…/NAME". Its last word is the device's name. */
static bool valid_devpath(const char *path)
{
	return *path == '/' && !strstr(path, "//") && !endswith(path, "/") && !path_has_dot_dot(path);
}

/* A name below /dev. */
static bool valid_devname(const char *name)
{
	return *name && *name != '/' && !path_has_dot_dot(name) && strlen(name) < 256;
}

static int finish(struct uevent *u, const struct numbers *n)
{
	if (u->devname && !valid_devname(u->devname))
		return -EINVAL;
	if (n->have_major && n->have_minor)
		u->devno = makedev((unsigned int)n->major, (unsigned int)n->minor);
	return 0;
}

int uevent_parse_message(char *buffer, size_t size, struct uevent *ret)
{
	static const struct {
		const char *word;
		enum uevent_action action;
	} actions[] = {
		{ "add@",    UEVENT_ADD    },
		{ "bind@",   UEVENT_OTHER  },
		{ "change@", UEVENT_CHANGE },
		{ "remove@", UEVENT_REMOVE },
	};
	struct uevent u = { 0 };
	struct numbers n = { 0 };
	char *end = buffer + size;

	if (size == 0 || buffer[size - 1] != '\0' || !strchr(buffer, '@'))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (startswith(buffer, actions[i].word))
			u.action = actions[i].action;
	for (char *p = buffer + strlen(buffer) + 1; p < end; p += strlen(p) + 1) {
		int r = take_line(p, &u, &n);

		if (r < 0)
			return r;
	}
	if (!u.devpath || !valid_devpath(u.devpath))
		return -EINVAL;
	if (finish(&u, &n) < 0)
		return -EINVAL;
	*ret = u;
	return 0;
}

int uevent_parse_sysfs(char *text, struct uevent *ret)
{
	struct uevent u = { .action = UEVENT_ADD };
	struct numbers n = { 0 };
	char *line;

	while ((line = strsep(&text, "\n"))) {
		int r = take_line(line, &u, &n);

		if (r < 0)
			return r;
	}
	if (finish(&u, &n) < 0)
		return -EINVAL;
	*ret = u;
	return 0;
}

int uevent_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 /* the kernel's */ };
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
					NETLINK_KOBJECT_UEVENT);
	int bytes = RECEIVE_BYTES, yes = 1;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* CVE-2009-1185: anybody may send to this group; only the kernel has port 0 and the credentials 0, 0. */
static bool from_kernel(const struct msghdr *m)
{
	const struct sockaddr_nl *sender = m->msg_name;
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct ucred cred;

	if (sender->nl_pid != 0 || !c || c->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	return cred.uid == 0 && cred.pid == 0;
}

int uevent_receive(int fd, char *buffer, size_t size, struct uevent *ret)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct sockaddr_nl sender = { 0 };
	struct iovec iov = { .iov_base = buffer, .iov_len = size - 1 };
	struct msghdr m = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &m, 0);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (m.msg_flags & MSG_TRUNC || !from_kernel(&m))
		return -EINVAL;
	buffer[n] = '\0';
	r = uevent_parse_message(buffer, (size_t)n, ret);
	return r < 0 ? r : 1;
}
