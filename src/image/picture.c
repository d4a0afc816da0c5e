/* SPDX-License-Identifier: MIT */
/* picture: a boot as an SVG. */
#include <errno.h>

#include "image/axis.h"
#include "image/duration.h"
#include "image/lane.h"
#include "image/picture.h"
#include "image/strip.h"
#include "image/svg.h"

#define WIDTH       (LANE_LEFT + LANE_RIGHT)
#define BREAK_WIDTH 60.0
#define STEP_SEEN   3.0 /* a step on the critical path that is shorter is passed over by its line */

/* Of different greys and textures in print; hues that those who are colour-blind can tell apart (Okabe and Ito). */
static const char style[] =
	"<style>\n"
	"text{font-family:sans-serif;font-size:15px;fill:#000}\n"
	".h{font-weight:bold}.b{font-weight:bold}.i{font-style:italic}.m{text-anchor:middle}.e{text-anchor:end}\n"
	".big{font-size:20px;font-weight:bold}.n{font-size:14px;font-weight:bold}\n"
	".l,.h{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\n"
	"path,rect{stroke:#555;stroke-width:.8}\n"
	".stage>*{fill:#8fcbee}.wait>*{fill:url(#wait)}.question>*{fill:url(#question)}.module>*{fill:url(#module)}\n"
	".device>*{fill:#d55e00}.helper>*{fill:url(#helper)}.worker>*{fill:url(#worker)}.init>*{fill:#fff}\n"
	".kernel>*{fill:#d0d0d0}.exec>*{fill:url(#exec)}\n"
	".on>*{stroke:#000;stroke-width:2.6}\n"
	".grid{stroke:#ccc}.zero{stroke:#000;stroke-width:1.6}.line{stroke:#000;fill:none}\n"
	".link{stroke:#000;stroke-width:1.6;stroke-dasharray:1.5 3;fill:none}\n"
	".torn{fill:#fff;stroke:none}.cut,.cut>*{fill:none;stroke:#777;stroke-width:1}\n"
	"@media print{#boot{max-width:none!important;height:100vh!important}}\n" /* on one page */
	".frame{fill:none;stroke:#000;stroke-width:2.6}.dot{fill:#fff;stroke:#000;stroke-width:1.4}\n"
	"</style>\n";

#define PATTERN(name, width, height, ground, inside)                                                                  \
	"<pattern id=\"" name "\" width=\"" width "\" height=\"" height "\" patternUnits=\"userSpaceOnUse\">" \
	"<path style=\"stroke:none\" fill=\"" ground "\" d=\"M0 0H" width "V" height "H0Z\"/>" inside "</pattern>\n"
#define LINES(colour, path) "<path style=\"stroke:" colour ";stroke-width:1.3;fill:none\" d=\"" path "\"/>"

static const char patterns[] =
	"<defs>\n"
	PATTERN("wait", "6", "6", "#fff", LINES("#777", "M-1 1L1 -1M0 6L6 0M5 7L7 5"))
	PATTERN("question", "6", "6", "#f5c04a", "<circle cx=\"3\" cy=\"3\" r=\"1.4\"/>")
	PATTERN("module", "7", "7", "#3fb894", LINES("#00543d", "M-1 6L1 8M0 0L7 7M6 -1L8 1"))
	PATTERN("helper", "5", "5", "#dba3c3", LINES("#8a3a68", "M2.5 0V5"))
	PATTERN("worker", "5", "5", "#eef3c8", LINES("#88902f", "M0 2.5H5"))
	PATTERN("exec", "6", "6", "#d0d0d0", LINES("#777", "M0 0L6 6M0 6L6 0"))
	"</defs>\n";

static const struct {
	const char *title;
	unsigned int categories;
} lanes[] = {
	{ "Stages of init", 1U << SPAN_STAGE },
	{ "Waits, and questions to the user", 1U << SPAN_WAIT | 1U << SPAN_QUESTION },
	{ "Kernel modules that were loaded", 1U << SPAN_MODULE },
	{ "Devices that came", 1U << SPAN_DEVICE },
	{ "Helpers and workers", 1U << SPAN_HELPER | 1U << SPAN_WORKER },
};

struct picture {
	FILE *f;
	const struct timeline *timeline;
	const struct critical *critical;
	struct scale scale;
	struct strip strip;
	struct lane lanes[ARRAY_SIZE(lanes)];
	double axis, bottom; /* of the part that has the time axis */
};

static void free_picture(struct picture *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->lanes); i++)
		lane_free(&p->lanes[i]);
	if (p->f)
		(void)fclose(p->f);
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Breaks are where none of these is. */
static int make_scale(struct picture *p)
{
	const struct timeline *t = p->timeline;
	uint64_t end = MAX(timeline_end(t), UINT64_C(1));
	_cleanup_free_ uint64_t *times = calloc(2 * t->n + 4, sizeof(*times));
	size_t n = 0;

	if (!times)
		return -ENOMEM;
	times[n++] = 0;
	times[n++] = t->start;
	times[n++] = MIN(t->exec, end);
	times[n++] = end;
	for (size_t i = 0; i < t->n; i++) {
		times[n++] = MIN(t->spans[i].start, end);
		times[n++] = MIN(t->spans[i].end, end);
	}
	qsort(times, n, sizeof(*times), compare_times);
	scale_make(times, n, LANE_LEFT, LANE_RIGHT, BREAK_WIDTH, &p->scale);
	return 0;
}

static int make_lanes(struct picture *p)
{
	double y = p->axis + LANE_HEAD + STRIP_HEIGHT + 8;

	for (size_t i = 0; i < ARRAY_SIZE(lanes); i++) {
		struct lane *l = &p->lanes[i];
		int r = lane_make(p->timeline, p->critical, &p->scale, lanes[i].title, lanes[i].categories, l);

		if (r < 0)
			return r;
		l->top = y;
		y += l->n > 0 ? lane_height(l) : 0;
	}
	p->bottom = y;
	return 0;
}

/* What it says, and where it ends. */
static double draw_head(FILE *f, const struct timeline *t)
{
	double y = 28;
	char text[512];

	(void)snprintf(text, sizeof(text), "Boot in %s: kernel %s, initrd %s", duration_short(timeline_end(t)).text,
		       duration_short(t->start).text, duration_short(timeline_end(t) - t->start).text);
	svg_text(f, "big", LANE_LEFT, y, text);
	if (t->userspace != USEC_FOREVER)
		(void)snprintf(text, sizeof(text), "initrd: init %s, then exec, until systemd runs, %s",
			       duration_short(t->exec - t->start).text, duration_short(t->userspace - t->exec).text);
	else
		(void)snprintf(text, sizeof(text), "initrd: init up to its exec; when the next init ran is not known");
	svg_text(f, "t", LANE_LEFT, y += 24, text);
	(void)snprintf(text, sizeof(text), "slipway %.40s, Linux %.80s", t->version, t->kernel);
	svg_text(f, "t", LANE_LEFT, y += 21, text);
	if (*t->root) {
		_cleanup_free_ char *root = svg_shorten(t->root, LANE_EM, LANE_RIGHT - LANE_LEFT - 50);

		(void)snprintf(text, sizeof(text), "root %s", root ?: "");
		svg_text(f, "t", LANE_LEFT, y += 21, text);
	}
	return y + 10;
}

static double draw_legend(FILE *f, double top)
{
	static const struct {
		const char *class, *word, *mark; /* NULL: a bar */
		double x;
		size_t row;
	} words[] = {
		{ "stage", "stage", NULL, 0, 0 },       { "wait", "wait", NULL, 110, 0 },
		{ "question", "question", NULL, 220, 0 }, { "module", "module", NULL, 360, 0 },
		{ "device", "device", "M13 0L20 7L13 14L6 7Z", 0, 1 },
		{ "helper", "helper", NULL, 110, 1 },   { "worker", "worker of init", NULL, 220, 1 },
		{ "kernel", "kernel", NULL, 390, 1 },
		{ "exec", "exec", NULL, 0, 2 },
		{ "init on", "thick frame, dotted line: the critical path", "M1 0H26V14H1Z", 110, 2 },
		{ "cut", "torn: so much time is left out",
		  "M8 0L12 4L8 8L12 12L10 14M16 0L20 4L16 8L20 12L18 14", 0, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		double x = LANE_LEFT + words[i].x, y = top + (double)words[i].row * 22;

		(void)fprintf(f, "<g class=\"%s\" transform=\"translate(%.1f %.1f)\"><path d=\"%s\"/></g>\n",
			      words[i].class, x, y, words[i].mark ?: "M1 0H27V14H1Z");
		svg_text(f, "t", x + 33, y + 12.5, words[i].word);
	}
	return 4 * 22;
}

static double bar_of(const struct picture *p, size_t span)
{
	for (size_t i = 0; i < ARRAY_SIZE(p->lanes); i++) {
		double y = lane_bar_of(&p->lanes[i], span);

		if (y >= 0)
			return y;
	}
	return p->axis + LANE_HEAD;
}

/* From bar to bar, where the path goes over from one to the next. */
static void draw_links(const struct picture *p)
{
	const struct critical *c = p->critical;
	double from = -1;

	for (size_t i = 0; i < c->n; i++) {
		double x = scale_at(&p->scale, c->steps[i].start), to;

		if (c->steps[i].span == SPAN_NONE || scale_at(&p->scale, c->steps[i].end) - x < STEP_SEEN)
			continue;
		to = bar_of(p, c->steps[i].span) + LANE_BAR / 2;
		if (from >= 0)
			(void)fprintf(p->f, "<path class=\"link\" d=\"M%.1f %.1fV%.1f\"/>\n", x, from, to);
		from = to;
	}
}

static void draw_plot(const struct picture *p)
{
	double strip = p->axis + LANE_HEAD;

	axis_draw(p->f, &p->scale, p->timeline->start, p->axis, p->bottom);
	strip_draw(p->f, &p->strip, &p->scale, strip);
	for (size_t i = 0; i < ARRAY_SIZE(p->lanes); i++)
		lane_draw_bars(p->f, &p->lanes[i], p->timeline);
	draw_links(p);
	axis_draw_breaks(p->f, &p->scale, p->axis, p->bottom);
	strip_draw_labels(p->f, &p->strip, &p->scale, strip);
	svg_text(p->f, "h", LANE_LEFT, p->axis + 18, "The critical path: what the boot was waiting for");
	for (size_t i = 0; i < ARRAY_SIZE(p->lanes); i++)
		if (p->lanes[i].n > 0)
			lane_draw_labels(p->f, &p->lanes[i]);
}

static double draw_list(const struct picture *p)
{
	double y = p->bottom + 26;

	svg_text(p->f, "h", LANE_LEFT, y, "Where init's time went, along the critical path");
	y += strip_draw_list(p->f, &p->strip, y + 4) + 10;
	if (p->timeline->dropped > 0) {
		char text[80];

		(void)snprintf(text, sizeof(text), "%llu spans are missing: the recording was full",
			       (unsigned long long)p->timeline->dropped);
		svg_text(p->f, "t i", LANE_LEFT, y += 22, text);
	}
	return y + 14;
}

/* All but the first line, which says how high it is: that is known when all is drawn. */
static int draw_body(struct picture *p, double *ret_height)
{
	int r = make_scale(p);

	if (r < 0)
		return r;
	strip_make(p->timeline, p->critical, &p->strip);
	(void)fputs(style, p->f);
	(void)fputs(patterns, p->f);
	p->axis = draw_head(p->f, p->timeline);
	p->axis += draw_legend(p->f, p->axis) + AXIS_HEIGHT;
	r = make_lanes(p);
	if (r < 0)
		return r;
	draw_plot(p);
	*ret_height = draw_list(p);
	return ferror(p->f) ? -ENOMEM : 0;
}

/* A browser shows it as wide as the window is, up to a width that is good to read, and scrolls. */
static const char frame[] =
	"<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"boot\" role=\"img\" viewBox=\"0 0 %.0f %.0f\" "
	"style=\"background:#fff;display:block;width:100%%;max-width:50em;height:auto;margin:auto\">\n"
	"<title>A boot through slipway</title>\n"
	"<path style=\"stroke:none\" fill=\"#fff\" d=\"M0 0H%.0fV%.0fH0Z\"/>\n"
	"%s</svg>\n";

int picture_draw(const struct timeline *t, const struct critical *c, char **ret)
{
	_cleanup_(free_picture) struct picture p = { .timeline = t, .critical = c };
	_cleanup_free_ char *body = NULL;
	double height = 0;
	size_t size;
	char *text;
	int r;

	p.f = open_memstream(&body, &size);
	if (!p.f)
		return -ENOMEM;
	r = draw_body(&p, &height);
	if (fclose(TAKE_PTR(p.f)) != 0 || r < 0)
		return r < 0 ? r : -ENOMEM;
	if (asprintf(&text, frame, WIDTH, height, WIDTH, height, body) < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}
