/* SPDX-License-Identifier: MIT */
/* volume: the LUKS containers that are to be opened: rd.luks.*= and the image's crypttab. */
#include <errno.h>
#include <strings.h>

#include "base/crypttab.h"
#include "base/strv.h"
#include "init/crypt-option.h"
#include "init/volume.h"

/* systemd takes the mapping's usual name for the UUID, too. */
static const char *plain_uuid(const char *text)
{
	const char *rest = startswith(text, "luks-");

	return rest ? rest : text;
}

static int add_volume(struct boot *b, const char *source, struct volume **ret)
{
	struct volume *grown = realloc(b->volumes, (b->volumes_n + 1) * sizeof(*grown));
	int r;

	if (!grown)
		return -ENOMEM;
	b->volumes = grown;
	grown[b->volumes_n] = (struct volume){ 0 };
	r = spec_parse(source, &grown[b->volumes_n].source);
	if (r < 0)
		return r;
	*ret = &grown[b->volumes_n++];
	return (*ret)->source.kind == SPEC_UUID ? string_set(&(*ret)->uuid, (*ret)->source.value) : 0;
}

/* The volume of that UUID, made where there is none. */
static int volume_of_uuid(struct boot *b, const char *uuid, struct volume **ret)
{
	_cleanup_free_ char *source = NULL;

	for (size_t i = 0; i < b->volumes_n; i++)
		if (b->volumes[i].uuid && strcasecmp(b->volumes[i].uuid, uuid) == 0) {
			*ret = &b->volumes[i];
			return 0;
		}
	return asprintf(&source, "UUID=%s", uuid) < 0 ? -ENOMEM : add_volume(b, source, ret);
}

/* "UUID=VALUE" of rd.luks.name= and its like; without a UUID the value is for all: `*ret` is NULL. */
static int divide(struct boot *b, const char *text, struct volume **ret, const char **ret_value)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *uuid = NULL;
	int r;

	*ret = NULL;
	*ret_value = text;
	/* A UUID has neither; "/key:UUID=…" and "key-slot=1" are no UUIDs. */
	if (!equals || strcspn(text, "/:,") < (size_t)(equals - text) || equals - text < 8)
		return 0;
	uuid = strndup(plain_uuid(text), (size_t)(equals - plain_uuid(text)));
	r = uuid ? volume_of_uuid(b, uuid, ret) : -ENOMEM;
	if (r == 0)
		*ret_value = equals + 1;
	return r;
}

static int set_key(struct volume *v, const char *text)
{
	place_free(&v->key);
	return streq(text, "none") || streq(text, "-") ? 0 : place_parse(text, &v->key);
}

static int on_luks(struct boot *b, const struct cmdline_word *w)
{
	return option_bool(b, w, &b->luks);
}

static int on_luks_uuid(struct boot *b, const struct cmdline_word *w)
{
	struct volume *v;

	if (!w->value || !*w->value)
		return option_warn(b, w, "the UUID of a LUKS container");
	return volume_of_uuid(b, plain_uuid(w->value), &v);
}

/* Sets one field of the volume that the word names; where it names none, and may, that of all others. */
static int on_field(struct boot *b, const struct cmdline_word *w, const char *allowed,
		    int (*set)(struct volume *v, const char *value), bool for_all)
{
	struct volume *v;
	const char *value;
	int r = w->value && *w->value ? divide(b, w->value, &v, &value) : -EINVAL;

	if (r == 0 && !v && for_all)
		v = &b->unnamed;
	if (r == 0 && v)
		r = set(v, value);
	else if (r == 0)
		r = -EINVAL;
	return r == -EINVAL ? option_warn(b, w, allowed) : r;
}

static int set_name(struct volume *v, const char *name)
{
	/* It becomes a file below /dev/mapper. */
	return !*name || strchr(name, '/') ? -EINVAL : string_set(&v->name, name);
}

static int on_luks_name(struct boot *b, const struct cmdline_word *w)
{
	return on_field(b, w, "UUID=NAME", set_name, false);
}

static const char key_allowed[] = "[UUID=]PATH, [UUID=]PATH:DEVICE or PATH:[DEVICE]:CONTAINER";

/* The volume on that device, made where there is none. */
static int volume_of_source(struct boot *b, const char *source, struct volume **ret)
{
	const char *uuid = startswith(source, "UUID=");

	if (uuid)
		return volume_of_uuid(b, plain_uuid(uuid), ret);
	for (size_t i = 0; i < b->volumes_n; i++)
		if (streq(b->volumes[i].source.text, source)) {
			*ret = &b->volumes[i];
			return 0;
		}
	return add_volume(b, source, ret);
}

/*
 * dracut names the container last: "/key:LABEL=stick:UUID=…", "/key::UUID=…". Cuts it off `text` and returns it;
 * NULL: there is none.
 */
static char *cut_container(char *text)
{
	char *device = (char *)crypttab_find_device(text);
	char *container = device ? (char *)crypttab_find_device(device) : NULL;

	if (device && device - text >= 2 && device[-2] == ':') {
		device[-2] = '\0';
		return device;
	}
	if (container)
		container[-1] = '\0';
	return container;
}

static int on_luks_key(struct boot *b, const struct cmdline_word *w)
{
	_cleanup_free_ char *text = strdup(w->value ? w->value : "");
	char *container = text && *text == '/' ? cut_container(text) : NULL;
	struct volume *v;
	int r;

	if (!text)
		return -ENOMEM;
	if (!container)
		return on_field(b, w, key_allowed, set_key, true);
	r = volume_of_source(b, container, &v);
	if (r == 0)
		r = set_key(v, text);
	return r == -EINVAL ? option_warn(b, w, key_allowed) : r;
}

/* What was said before stays; in crypttab(5) as in mount(8) the later one of two counts. */
static int set_options(struct volume *v, const char *text)
{
	return strv_split(&v->options, text, ",");
}

static int on_luks_timeout(struct boot *b, const struct cmdline_word *w)
{
	return option_span(b, w, &b->luks_timeout);
}

static int on_luks_options(struct boot *b, const struct cmdline_word *w)
{
	return on_field(b, w, "[UUID=]OPTION,…", set_options, true);
}

static int set_header(struct volume *v, const char *path)
{
	_cleanup_free_ char *option = NULL;

	return asprintf(&option, "header=%s", path) < 0 ? -ENOMEM : strv_push(&v->options, option);
}

static int on_luks_header(struct boot *b, const struct cmdline_word *w)
{
	return on_field(b, w, "UUID=PATH, UUID=PATH:DEVICE or UUID=DEVICE", set_header, false);
}

/* With a header elsewhere the device itself carries no UUID: this says where the data is. */
static int set_data(struct volume *v, const char *text)
{
	struct spec s;
	int r = spec_parse(text, &s);

	if (r < 0)
		return r;
	spec_free(&v->source);
	v->source = s;
	return 0;
}

static int on_luks_data(struct boot *b, const struct cmdline_word *w)
{
	return on_field(b, w, "UUID=DEVICE", set_data, false);
}

const struct option volume_options[] = {
	{ "rd.luks",         on_luks         },
	{ "luks",            on_luks         }, /* systemd: both with and without "rd." count here */
	{ "rd.luks.uuid",    on_luks_uuid    },
	{ "luks.uuid",       on_luks_uuid    },
	{ "rd.luks.name",    on_luks_name    },
	{ "luks.name",       on_luks_name    },
	{ "rd.luks.key",     on_luks_key     },
	{ "luks.key",        on_luks_key     },
	{ "rd.luks.options", on_luks_options },
	{ "luks.options",    on_luks_options },
	{ "rd.luks.timeout", on_luks_timeout }, /* dracut */
	{ "rd.luks.header",  on_luks_header  },
	{ "rd.luks.data",    on_luks_data    },
	{ NULL,              NULL            },
};

/* rd.luks.key= and rd.luks.options= without a UUID are for all that have none of their own. */
static int complete_volume(struct boot *b, struct volume *v)
{
	int r = 0;

	if (place_is_set(&b->unnamed.key) && !place_is_set(&v->key))
		r = place_copy(&v->key, &b->unnamed.key);
	STRV_FOREACH(option, v->options ? NULL : b->unnamed.options)
		if (r == 0)
			r = strv_push(&v->options, *option);
	return r;
}

/* The last one counts. */
static int find_header(struct boot *b, struct volume *v)
{
	int r = 0;

	STRV_FOREACH(option, v->options) {
		const char *value = startswith(*option, "header=");
		_cleanup_free_ char *warning = NULL;

		if (r == 0 && value)
			r = place_parse(value, &v->header);
		if (r != -EINVAL)
			continue;
		if (asprintf(&warning, "option %s names no file and no device, ignoring", *option) < 0)
			return -ENOMEM;
		r = strv_push(&b->warnings, warning);
	}
	return r;
}

int volumes_complete(struct boot *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i <= b->volumes_n; i++) {
		struct volume *v = i < b->volumes_n ? &b->volumes[i] : &b->unnamed;

		if (v != &b->unnamed)
			r = complete_volume(b, v);
		if (r == 0)
			r = find_header(b, v);
		if (r == 0)
			r = crypt_options_read(b, v);
		if (v->ask_timeout == 0)
			v->ask_timeout = b->luks_timeout;
	}
	return r;
}

static int warn_line(struct boot *b, unsigned int line, const char *what)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "line %u of /etc/crypttab %s, ignoring", line, what) < 0)
		return -ENOMEM;
	return strv_push(&b->warnings, text);
}

static int add_row(struct boot *b, const struct crypttab_row *row)
{
	struct volume *v;
	int r = add_volume(b, row->source, &v);

	if (r == -EINVAL)
		return warn_line(b, row->line, "names no block device");
	if (r == 0)
		r = string_set(&v->name, row->name);
	if (r == 0 && row->key)
		r = place_set(&v->key, row->key, row->key_device);
	if (r == -EINVAL)
		r = warn_line(b, row->line, "names no device for its key");
	STRV_FOREACH(option, row->options)
		if (r == 0)
			r = strv_push(&v->options, *option);
	return r;
}

/* All of the image's crypttab is ours: whoever put it there has chosen. The command line comes on top. */
int volumes_crypttab(struct boot *b, const char *text)
{
	_cleanup_crypttab_ struct crypttab t = { 0 };
	int r = crypttab_parse(text, &t);

	for (size_t i = 0; r == 0 && i < t.n; i++)
		r = add_row(b, &t.rows[i]);
	if (r == 0 && t.damaged)
		r = warn_line(b, t.damaged, "has no source device");
	return r;
}
