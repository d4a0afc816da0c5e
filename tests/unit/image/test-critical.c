/* SPDX-License-Identifier: MIT */
/* test-critical: what a boot was waiting for, in stories of a few spans each. */
#include "image/critical.h"
#include "unit/unit.h"

#define SPANS_MAX 12

struct story_span {
	const char *name;
	enum span_category category;
	uint64_t start, end;
	int64_t id, cause;
};

#define STAGE(name, start, end)           { name, SPAN_STAGE, start, end, -1, -1 }
#define WAIT(name, start, end, cause)     { name, SPAN_WAIT, start, end, -1, cause }
#define ASK(name, start, end, id, cause)  { name, SPAN_QUESTION, start, end, id, cause }
#define LOAD(name, start, end, id, cause) { name, SPAN_MODULE, start, end, id, cause }
#define COMES(name, at, id, cause)        { name, SPAN_DEVICE, at, at, id, cause }
#define HELP(name, start, end, id, cause) { name, SPAN_HELPER, start, end, id, cause }
#define READ(name, start, end, id, cause) { name, SPAN_WORKER, start, end, id, cause }

/* From 100 to 200, unless it says otherwise. The path: "NAME from-to, …", "-" for none. */
static const struct story {
	const char *what;
	struct story_span spans[SPANS_MAX];
	const char *path;
	const char *instants; /* those that are on it */
} stories[] = {
	{ "nothing is known", { { 0 } }, "- 100-200", "" },
	{ "one stage after the other, and a gap",
	  { STAGE("a", 100, 120), STAGE("b", 120, 150), STAGE("c", 160, 200) },
	  "a 100-120, b 120-150, - 150-160, c 160-200", "" },
	{ "a stage within a stage",
	  { STAGE("root", 100, 200), STAGE("root/fsck", 110, 150), STAGE("root/mount", 150, 180) },
	  "root 100-110, root/fsck 110-150, root/mount 150-180, root 180-200", "" },
	{ "a stage without time changes nothing",
	  { STAGE("a", 100, 200), STAGE("b", 150, 150) }, "a 100-200", "" },
	{ "through a wait to the module that brought the device",
	  { STAGE("modules", 100, 115), STAGE("root", 115, 200), WAIT("wait", 115, 170, 3),
	    LOAD("virtio_pci", 105, 120, 0, -1),
	    LOAD("virtio_blk", 120, 150, 1, 0), COMES("vda", 148, 2, 1), READ("probe vda", 149, 168, 3, 2) },
	  "modules 100-105, virtio_pci 105-120, virtio_blk 120-148, wait 148-149, probe vda 149-168, wait 168-170, "
	  "root 170-200", "vda" },
	{ "what is loaded beside it is not waited for",
	  { STAGE("root", 100, 200), WAIT("wait", 100, 150, 1), LOAD("ext4", 100, 160, 0, -1),
	    READ("probe", 120, 150, 1, -1) },
	  "wait 100-120, probe 120-150, root 150-200", "" },
	{ "a question, then what opens the container",
	  { WAIT("wait", 100, 200, 4), READ("probe vda", 100, 110, 0, -1), ASK("passphrase", 110, 180, 1, 0),
	    HELP("cryptsetup", 182, 195, 2, 1), COMES("dm-0", 194, 3, 2), READ("probe dm-0", 195, 199, 4, 3) },
	  "probe vda 100-110, passphrase 110-180, wait 180-182, cryptsetup 182-194, wait 194-195, probe dm-0 195-199, "
	  "wait 199-200", "dm-0" },
	{ "a deadline: nothing led to what ended it",
	  { WAIT("wait", 100, 190, 1), READ("probe sda", 102, 105, 0, -1), HELP("mdadm --run", 180, 190, 1, -1),
	    STAGE("mount", 190, 200) },
	  "wait 100-180, mdadm --run 180-190, mount 190-200", "" },
	{ "nobody knows what ended the wait",
	  { WAIT("wait", 100, 190, 77), STAGE("mount", 190, 200) }, "wait 100-190, mount 190-200", "" },
	{ "the device had come before anybody waited",
	  { STAGE("modules", 100, 180), WAIT("wait", 180, 181, 1), STAGE("mount", 181, 200),
	    LOAD("ahci", 105, 130, 0, -1), COMES("sda", 130, 1, 0) },
	  "modules 100-180, wait 180-181, mount 181-200", "" },
	{ "a disk that came by itself, long after its module",
	  { WAIT("wait", 100, 190, 1), LOAD("usb_storage", 101, 110, 0, -1), COMES("sda", 189, 1, 0),
	    STAGE("mount", 190, 200) },
	  "wait 100-101, usb_storage 101-110, wait 110-190, mount 190-200", "sda" },
	{ "causes that go in a circle",
	  { WAIT("wait", 100, 190, 0), READ("x", 150, 180, 0, 1), READ("y", 120, 150, 1, 0), STAGE("mount", 190, 200) },
	  "wait 100-120, y 120-150, x 150-180, wait 180-190, mount 190-200", "" },
	{ "a cause that ends after what it caused",
	  { WAIT("wait", 100, 200, 0), READ("slow", 150, 400, 0, -1) }, "wait 100-150, slow 150-200", "" },
	{ "begun before init, ended after the exec",
	  { STAGE("early", 90, 110), STAGE("late", 150, 300) }, "early 100-110, - 110-150, late 150-200", "" },
	{ "two waits for the same",
	  { WAIT("root/wait", 100, 150, 0), READ("probe", 120, 150, 0, -1), WAIT("usr/wait", 160, 170, 0),
	    STAGE("usr", 170, 200) },
	  "root/wait 100-120, probe 120-150, - 150-160, usr/wait 160-170, usr 170-200", "" },
};

static void fill(struct timeline *t, const struct story *s)
{
	*t = (struct timeline){ .start = 100, .exec = 200, .userspace = USEC_FOREVER };
	t->spans = calloc(SPANS_MAX, sizeof(*t->spans));
	assert_non_null(t->spans);
	for (size_t i = 0; i < SPANS_MAX && s->spans[i].name; i++)
		t->spans[t->n++] = (struct span){
			.name = strdup(s->spans[i].name), .category = s->spans[i].category,
			.start = s->spans[i].start, .end = s->spans[i].end, .id = s->spans[i].id,
			.cause_id = s->spans[i].cause, .instant = s->spans[i].category == SPAN_DEVICE,
		};
	assert_int_equal(timeline_settle(t), 0);
}

static char *describe(const struct timeline *t, const struct critical *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (size_t i = 0; i < c->n; i++)
		fprintf(f, "%s%s %d-%d", i > 0 ? ", " : "",
			c->steps[i].span == SPAN_NONE ? "-" : t->spans[c->steps[i].span].name, (int)c->steps[i].start,
			(int)c->steps[i].end);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* Whatever the story: no gap, and each span's time is that of its steps. */
static void check_sums(const struct timeline *t, const struct critical *c)
{
	uint64_t sum = c->init;

	for (size_t i = 0; i < c->n; i++) {
		assert_true(c->steps[i].start == (i == 0 ? t->start : c->steps[i - 1].end));
		assert_true(c->steps[i].start < c->steps[i].end);
	}
	for (size_t i = 0; i < t->n; i++) {
		assert_true(c->has[i] || c->time[i] == 0);
		sum += c->time[i];
	}
	assert_true(sum == t->exec - t->start);
}

static void paths(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		_cleanup_timeline_ struct timeline t = { 0 };
		_cleanup_critical_ struct critical c = { 0 };
		_cleanup_free_ char *path = NULL;
		char instants[64] = "";

		fill(&t, &stories[i]);
		assert_int_equal(critical_find(&t, &c), 0);
		path = describe(&t, &c);
		if (!streq(path, stories[i].path))
			fail_msg("%s:\n%s\nnot\n%s", stories[i].what, path, stories[i].path);
		for (size_t k = 0; k < t.n; k++)
			if (t.spans[k].instant && c.has[k])
				strcat(instants, t.spans[k].name);
		assert_string_equal(instants, stories[i].instants);
		check_sums(&t, &c);
	}
}

static void an_init_that_took_no_time(void **state)
{
	_cleanup_timeline_ struct timeline t = { .start = 100, .exec = 100, .userspace = USEC_FOREVER };
	_cleanup_critical_ struct critical c = { 0 };

	assert_int_equal(critical_find(&t, &c), 0);
	assert_int_equal(c.n, 0);
}

/* What took the most first; of equals, the earlier; no more than there is room for. */
static void ranks(void **state)
{
	static const struct story story = {
		.spans = { STAGE("a", 100, 110), STAGE("b", 110, 150), STAGE("c", 150, 160), STAGE("d", 160, 200) },
	};
	_cleanup_timeline_ struct timeline t = { 0 };
	_cleanup_critical_ struct critical c = { 0 };
	size_t order[4];

	fill(&t, &story);
	assert_int_equal(critical_find(&t, &c), 0);
	assert_int_equal(critical_rank(&c, &t, order, 4), 4);
	assert_string_equal(t.spans[order[0]].name, "b");
	assert_string_equal(t.spans[order[1]].name, "d");
	assert_string_equal(t.spans[order[2]].name, "a");
	assert_string_equal(t.spans[order[3]].name, "c");
	assert_int_equal(critical_rank(&c, &t, order, 2), 2);
	assert_string_equal(t.spans[order[1]].name, "d");
}

/* A quarter of it, or it is an instant. */
static void what_is_marked(void **state)
{
	static const struct story story = {
		.spans = { WAIT("wait", 100, 180, 2), READ("probe", 115, 178, 2, 1), COMES("vda", 115, 1, -1),
			   STAGE("mount", 180, 200) },
	};
	_cleanup_timeline_ struct timeline t = { 0 };
	_cleanup_critical_ struct critical c = { 0 };

	fill(&t, &story);
	assert_int_equal(critical_find(&t, &c), 0);
	for (size_t i = 0; i < t.n; i++) {
		assert_true(c.has[i]);
		assert_int_equal(critical_is_main(&c, &t, i), !streq(t.spans[i].name, "wait"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(an_init_that_took_no_time),
		cmocka_unit_test(ranks),
		cmocka_unit_test(what_is_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
