/* SPDX-License-Identifier: MIT */
/*
 * test-uevent: what the kernel says, and what others say in its name.
 * wrap: recvmsg
 */
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/uevent.h"
#include "unit/unit.h"

#define PATH "/devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda1"

/* A message in a buffer of its own size, so that reading on is seen by ASan. */
static int parse(const char *message, size_t size, struct uevent *ret, char **ret_buffer)
{
	char *buffer = malloc(size ? size : 1);

	assert_non_null(buffer);
	memcpy(buffer, message, size);
	*ret_buffer = buffer;
	return uevent_parse_message(buffer, size, ret);
}

static void block_device_is_added(void **state)
{
	static const char message[] =
		"add@" PATH "\0ACTION=add\0DEVPATH=" PATH "\0SUBSYSTEM=block\0MAJOR=254\0MINOR=1\0DEVNAME=vda1\0"
		"DEVTYPE=partition\0DISKSEQ=7\0PARTN=1\0PARTNAME=my root\0SEQNUM=1200";
	_cleanup_free_ char *buffer = NULL;
	struct uevent u;

	assert_int_equal(parse(message, sizeof(message), &u, &buffer), 0);
	assert_int_equal(u.action, UEVENT_ADD);
	assert_string_equal(u.devpath, PATH);
	assert_string_equal(u.subsystem, "block");
	assert_string_equal(u.devname, "vda1");
	assert_string_equal(u.devtype, "partition");
	assert_string_equal(u.partname, "my root");
	assert_int_equal(u.partn, 1);
	assert_int_equal(u.devno, makedev(254, 1));
	assert_null(u.modalias);
}

static void device_without_a_node(void **state)
{
	static const char message[] = "add@/devices/x\0DEVPATH=/devices/x\0SUBSYSTEM=pci\0MODALIAS=pci:v00001AF4d1";
	_cleanup_free_ char *buffer = NULL;
	struct uevent u;

	assert_int_equal(parse(message, sizeof(message), &u, &buffer), 0);
	assert_string_equal(u.modalias, "pci:v00001AF4d1");
	assert_null(u.devname);
	assert_int_equal(u.devno, 0);
	assert_int_equal(u.partn, 0);
}

static void actions(void **state)
{
	static const struct {
		const char *word;
		enum uevent_action action;
	} rows[] = {
		{ "add", UEVENT_ADD },       { "change", UEVENT_CHANGE }, { "remove", UEVENT_REMOVE },
		{ "bind", UEVENT_OTHER },    { "unbind", UEVENT_OTHER },  { "move", UEVENT_OTHER },
		{ "online", UEVENT_OTHER },  { "offline", UEVENT_OTHER }, { "", UEVENT_OTHER },
		{ "readd", UEVENT_OTHER },   { "Add", UEVENT_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char message[64];
		int n = snprintf(message, sizeof(message), "%s@/x%cDEVPATH=/x", rows[i].word, 0);
		struct uevent u;

		assert_int_equal(uevent_parse_message(message, (size_t)n + 1, &u), 0);
		if (u.action != rows[i].action)
			fail_msg("%s: %d", rows[i].word, u.action);
	}
}

#define SAYS(text) { text, sizeof(text) - 1 }

static void what_is_no_message(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} rows[] = {
		SAYS(""),
		SAYS("\0"),
		SAYS("add"),
		SAYS("libudev\0DEVPATH=/x\0"),
		SAYS("libudev\0\xfe\xed\xca\xfe" "@\0"),  /* udevd's, of the other group */
		SAYS("add@/x\0"),                         /* no DEVPATH */
		SAYS("add@/x\0DEVPATH=\0"),
		SAYS("add@/x\0DEVPATH=x\0"),
		SAYS("add@/x\0DEVPATH=/\0"),
		SAYS("add@/x\0DEVPATH=/a/\0"),
		SAYS("add@/x\0DEVPATH=//etc/x\0"),
		SAYS("add@/x\0DEVPATH=/a//b\0"),
		SAYS("add@/x\0DEVPATH=/devices/../../etc\0"),
		SAYS("add@/x\0DEVPATH=/devices/..\0"),
		SAYS("add@/x\0DEVPATH=/..\0"),
		SAYS("add@/x\0DEVPATH=/x\0DEVNAME=\0"),
		SAYS("add@/x\0DEVPATH=/x\0DEVNAME=/etc/passwd\0"),
		SAYS("add@/x\0DEVPATH=/x\0DEVNAME=..\0"),
		SAYS("add@/x\0DEVPATH=/x\0DEVNAME=../etc\0"),
		SAYS("add@/x\0DEVPATH=/x\0DEVNAME=a/../../b\0"),
		SAYS("add@/x\0DEVPATH=/x\0MAJOR=\0"),
		SAYS("add@/x\0DEVPATH=/x\0MAJOR=8 \0"),
		SAYS("add@/x\0DEVPATH=/x\0MAJOR=-8\0"),
		SAYS("add@/x\0DEVPATH=/x\0MAJOR=4096\0"),
		SAYS("add@/x\0DEVPATH=/x\0MAJOR=4294967304\0"),
		SAYS("add@/x\0DEVPATH=/x\0MINOR=1048576\0"),
		SAYS("add@/x\0DEVPATH=/x\0MINOR=x\0"),
		SAYS("add@/x\0DEVPATH=/x\0PARTN=65536\0"),
		SAYS("add@/x\0DEVPATH=/x\0PARTN=-1\0"),
		SAYS("add@/x\0DEVPATH=/x\0PARTN=18446744073709551617\0"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *buffer = NULL;
		struct uevent u = { .partn = 4711 };

		if (parse(rows[i].text, rows[i].size, &u, &buffer) != -EINVAL)
			fail_msg("row %zu: <%s>", i, rows[i].text);
		assert_int_equal(u.partn, 4711);
	}
}

/* What lies behind the message in the buffer is an older one's rest. */
static void message_without_its_nul(void **state)
{
	char buffer[] = "add@/x\0DEVPATH=/x";
	struct uevent u;

	for (size_t size = 1; size < sizeof(buffer); size++)
		assert_int_equal(uevent_parse_message(buffer, size, &u), -EINVAL);
	assert_int_equal(uevent_parse_message(buffer, sizeof(buffer), &u), 0);
}

static void names_with_dots_and_directories(void **state)
{
	static const char *const names[] = { "cciss/c0d0", "a..b", "..a", "mapper/x", "." };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char message[64];
		int n = snprintf(message, sizeof(message), "add@/x%cDEVPATH=/x%cDEVNAME=%s", 0, 0, names[i]);
		struct uevent u;

		assert_int_equal(uevent_parse_message(message, (size_t)n + 1, &u), 0);
		assert_string_equal(u.devname, names[i]);
	}
}

static void longest_name(void **state)
{
	char message[400], name[300];
	struct uevent u;

	for (int length = 255; length <= 256; length++) {
		int n;

		memset(name, 'x', sizeof(name));
		name[length] = '\0';
		n = snprintf(message, sizeof(message), "add@/x%cDEVPATH=/x%cDEVNAME=%s", 0, 0, name);
		assert_int_equal(uevent_parse_message(message, (size_t)n + 1, &u), length < 256 ? 0 : -EINVAL);
	}
}

static void numbers_need_both_halves(void **state)
{
	char message[] = "add@/x\0DEVPATH=/x\0MAJOR=8";
	struct uevent u;

	assert_int_equal(uevent_parse_message(message, sizeof(message), &u), 0);
	assert_int_equal(u.devno, 0);
}

static void file_of_sysfs(void **state)
{
	char text[] = "MAJOR=8\nMINOR=17\nDEVNAME=sdb1\nDEVTYPE=partition\nDISKSEQ=9\nPARTN=1\n",
	     bus[] = "DRIVER=x\nMODALIAS=acpi:PNP0C14:\n", empty[] = "", hostile[] = "DEVNAME=../x\n",
	     number[] = "MAJOR=x\n";
	struct uevent u;

	assert_int_equal(uevent_parse_sysfs(text, &u), 0);
	assert_int_equal(u.action, UEVENT_ADD);
	assert_string_equal(u.devname, "sdb1");
	assert_int_equal(u.devno, makedev(8, 17));
	assert_int_equal(u.partn, 1);
	assert_null(u.devpath);
	assert_int_equal(uevent_parse_sysfs(bus, &u), 0);
	assert_string_equal(u.modalias, "acpi:PNP0C14:");
	assert_null(u.devname);
	assert_int_equal(uevent_parse_sysfs(empty, &u), 0);
	assert_int_equal(uevent_parse_sysfs(hostile, &u), -EINVAL);
	assert_int_equal(uevent_parse_sysfs(number, &u), -EINVAL);
}

/* What the next recvmsg(2) gives; `error` 0 and no text: the real one. */
static struct {
	const char *text;
	size_t size;
	int error, flags;
	unsigned int port;
	bool credentials;
	struct ucred cred;
} incoming;

ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (!incoming.text && !incoming.error)
		return __real_recvmsg(fd, m, flags);
	errno = incoming.error;
	if (incoming.error)
		return -1;
	assert_true(incoming.size <= m->msg_iov[0].iov_len);
	memcpy(m->msg_iov[0].iov_base, incoming.text, incoming.size);
	((struct sockaddr_nl *)m->msg_name)->nl_pid = incoming.port;
	m->msg_flags = incoming.flags;
	if (!incoming.credentials) {
		m->msg_controllen = 0;
		return (ssize_t)incoming.size;
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(struct ucred));
	memcpy(CMSG_DATA(c), &incoming.cred, sizeof(incoming.cred));
	return (ssize_t)incoming.size;
}

static const char good[] = "add@/x\0DEVPATH=/x";

static int receive_one(void)
{
	char buffer[256];
	struct uevent u;

	return uevent_receive(-1, buffer, sizeof(buffer), &u);
}

static int forget_incoming(void **state)
{
	memset(&incoming, 0, sizeof(incoming));
	return 0;
}

static void only_the_kernel_is_heard(void **state)
{
	incoming.text = good;
	incoming.size = sizeof(good);
	incoming.credentials = true;
	assert_int_equal(receive_one(), 1);
	incoming.port = 4711;
	assert_int_equal(receive_one(), -EINVAL);
	incoming.port = 0;
	incoming.cred.uid = 1000;
	assert_int_equal(receive_one(), -EINVAL);
	/* Root is not the kernel. */
	incoming.cred = (struct ucred){ .pid = 4711 };
	assert_int_equal(receive_one(), -EINVAL);
	incoming.cred.pid = 0;
	incoming.credentials = false;
	assert_int_equal(receive_one(), -EINVAL);
}

static void half_a_message_is_none(void **state)
{
	incoming.text = good;
	incoming.size = sizeof(good);
	incoming.credentials = true;
	incoming.flags = MSG_TRUNC;
	assert_int_equal(receive_one(), -EINVAL);
	incoming.flags = 0;
	incoming.size = 0;
	assert_int_equal(receive_one(), -EINVAL);
}

static void errors_of_the_socket(void **state)
{
	static const int rows[][2] = {
		{ EAGAIN, 0 }, { EINTR, 0 }, { ENOBUFS, -ENOBUFS }, { EBADF, -EBADF },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		incoming.error = rows[i][0];
		assert_int_equal(receive_one(), rows[i][1]);
	}
}

/* A real message of a process, root even, to our very socket. */
static void spoofed_message_is_dropped(void **state)
{
	_cleanup_close_ int fd = uevent_open(), other = -EBADF;
	struct sockaddr_nl address = { 0 };
	socklen_t size = sizeof(address);
	char buffer[4096];
	struct uevent u;
	ssize_t sent;
	int r;

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(address.nl_groups, 1);
	other = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	assert_true(other >= 0);
	address.nl_groups = 0;
	sent = sendto(other, good, sizeof(good), 0, (struct sockaddr *)&address, sizeof(address));
	/* Without CAP_NET_ADMIN not even that is possible; the machine's own events may come between. */
	do
		r = uevent_receive(fd, buffer, sizeof(buffer), &u);
	while (r == 1);
	assert_int_equal(r, sent < 0 ? 0 : -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_device_is_added),
		cmocka_unit_test(device_without_a_node),
		cmocka_unit_test(actions),
		cmocka_unit_test(what_is_no_message),
		cmocka_unit_test(message_without_its_nul),
		cmocka_unit_test(names_with_dots_and_directories),
		cmocka_unit_test(longest_name),
		cmocka_unit_test(numbers_need_both_halves),
		cmocka_unit_test(file_of_sysfs),
		cmocka_unit_test_setup(only_the_kernel_is_heard, forget_incoming),
		cmocka_unit_test_setup(half_a_message_is_none, forget_incoming),
		cmocka_unit_test_setup(errors_of_the_socket, forget_incoming),
		cmocka_unit_test_setup(spoofed_message_is_dropped, forget_incoming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
