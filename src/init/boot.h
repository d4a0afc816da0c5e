/* SPDX-License-Identifier: MIT */
/*
 * boot: what was *asked*: the kernel command line and the image's /etc/cmdline.d. Read once, const afterwards.
 *
 * Every option is a row of the table in boot.c and of slipway.cmdline(7).
 */
#pragma once

#include <stdint.h>

#include "base/cmdline.h"
#include "init/line.h"
#include "init/place.h"
#include "init/spec.h"

enum fsck_mode { FSCK_AUTO, FSCK_FORCE, FSCK_SKIP };
enum fsck_repair { REPAIR_PREEN, REPAIR_YES, REPAIR_NO };
enum emergency { EMERGENCY_EXIT, EMERGENCY_REBOOT, EMERGENCY_POWEROFF, EMERGENCY_HALT };
enum api_way { API_MOVE, API_CLEAN, API_WAYS };
enum stay { STAY_NOT, STAY_COPIED, STAY_HERE };
enum tristate { UNSET = -1, NO = 0, YES = 1 };

struct boot_mount {
	struct spec spec;
	char *fstype; /* NULL: what the device holds; may be a list, "ext4,xfs" */
	char *flags;  /* mount options for libmount, or NULL */
};

#define TRIES_FOREVER UINT32_MAX

/* A LUKS container that is to be opened: a line of crypttab(5), or rd.luks.*= */
struct volume {
	struct spec source;
	char *name;             /* of the mapping; NULL: "luks-" and the container's UUID */
	char *uuid;             /* of the container, where that is known without reading it; NULL: not */
	struct place key;       /* not set: a passphrase is asked for */
	struct place header;    /* not set: on the device itself */
	char **options;         /* strv, crypttab's; NULL: none */
	/* What these say of the question; see crypt-option.c. */
	unsigned int tries;     /* how often it is asked for; 0: as usual, TRIES_FOREVER */
	uint64_t ask_timeout;   /* µs for an answer; 0: as long as it takes */
	uint64_t key_timeout;   /* µs for the device with the key; 0: as usual */
	enum echo echo;
	bool headless;          /* nobody is asked */
	bool nofail;            /* the boot goes on without it */
	bool noauto;            /* opened only where it is itself what is looked for */
};

/* The file of a file system in which the root is: loop=, img_loop=. rootfile.c */
struct boot_file {
	char *path;                /* on `host`, from its root; NULL: the root is in no file */
	struct boot_mount host;    /* where it lies; spec SPEC_NONE: not said */
	char *fstype, *flags;      /* loopfstype=, loopflags=: moved to boot.root by rootfile_complete() */
};

/* The root in memory: rd.slipway.stay=, rd.slipway.archives=. ramroot.c */
struct boot_ram {
	enum stay stay;            /* the initramfs is the system, or a copy of it */
	char *archives;            /* of a file or a directory, on `medium`; NULL: no archives */
	struct boot_mount medium;  /* spec SPEC_NONE: the image */
	char *options;             /* of the tmpfs; NULL: the kernel's */
};

/* What is meant by root= and its like where those are the kernel's: real_root=. ramdisk.c */
struct boot_real {
	struct boot_mount root;    /* moved to boot.root by ramdisk_complete() */
	char *init;
};

/* Where what is written goes. */
enum upper {
	UPPER_UNSAID,
	UPPER_NONE,   /* nowhere: the image itself is the root */
	UPPER_TMPFS,
	UPPER_DEVICE, /* a file system of its own */
	UPPER_MEDIUM, /* the one that the image is on */
};

/* The layers that the root is made of, docs/live.md. spelling.c fills it, live_complete() finishes it. */
struct boot_live {
	bool wanted;
	bool root_is_live;        /* root=live:… */
	bool root_is_medium;      /* rd.live.image: root= names it, in whatever words */
	bool plain;               /* it is an installed root, checked and mounted as any, and only written above */
	struct boot_mount medium; /* the file system that the image is on; or, without an image, is it */
	char **image;             /* strv: path on the medium, path in that file, …; "path?": may be missing */
	char **image_usual;       /* where none is said */
	char *dir;                /* what of these is no absolute path is in there; NULL: "/" */
	bool ram;                 /* the image is copied to memory */
	char *ram_size;           /* of that tmpfs, "75%"; NULL: as large as the image */
	uint64_t ram_spare;       /* bytes that must stay available; LIVE_SPARE_USUAL: an eighth of all */
	enum upper upper;
	struct boot_mount store;  /* UPPER_DEVICE: the file system that is written to */
	char *upper_size;         /* UPPER_TMPFS: "1G", "50%"; NULL: the kernel's half of the memory */
	char *upper_dir, *work_dir; /* on the store: overlayfs's upperdir and workdir; %L, %U: the medium's tags */
	bool reset;               /* what was written before is deleted first */
	bool read_only;           /* what was written before is seen, nothing more is written */
	bool usr_only;            /* systemd.volatile=yes: of the root /usr alone, on an empty tmpfs */
	char *files;              /* a directory of the medium that is copied over the root */
	char *keep_medium, *keep_image, *keep_upper; /* where they are seen in the new root; NULL: LIVE_DIR */
	uint64_t wait;            /* µs; 0: not said */
};

#define LIVE_SPARE_USUAL UINT64_MAX

struct boot {
	struct cmdline cmdline; /* all words: cmdline.d first, the kernel's last */
	struct boot_mount root, usr;
	struct boot_file file;
	struct boot_ram ram;
	struct boot_real real;
	struct boot_live live;
	bool rw;
	uint64_t timeout;       /* µs to wait for root and /usr; USEC_FOREVER with rootwait or 0 */
	uint64_t delay;         /* µs from the start before root may be mounted */
	enum fsck_mode fsck_mode;
	enum fsck_repair fsck_repair;
	char *init;             /* NULL: the usual places */
	struct spec resume;     /* SPEC_NONE: none, or noresume */
	char **breaks;          /* names of stages, before which a shell is wanted */
	enum tristate shell;    /* rd.shell= */
	enum emergency emergency;
	char **modules;         /* to be loaded before all others */
	struct volume *volumes; /* LUKS containers to open; without any: the only one there is */
	size_t volumes_n;
	struct volume unnamed;  /* rd.luks.key=, rd.luks.options= for all that have none of their own */
	uint64_t luks_timeout;  /* rd.luks.timeout=: likewise, µs; 0: none */
	bool luks, md, lvm;     /* rd.luks=0, rd.md=0, rd.lvm=0 turn one off */
	bool md_imsm, md_ddf;   /* rd.md.imsm=0, rd.md.ddf=0: not of that kind */
	bool imsm_anywhere;     /* IMSM_NO_PLATFORM=1: without the platform's firmware, too */
	char **md_uuids;        /* rd.md.uuid=: only these arrays */
	char **lvm_vgs;         /* rd.lvm.vg=: these volume groups, whole */
	char **lvm_lvs;         /* rd.lvm.lv=: these volumes, "vg/lv" */
	bool md_degraded;       /* an array may be started although members are missing */
	bool lvm_partial;       /* and a volume group be used */
	char *keymap;           /* rd.vconsole.keymap=: not that of the image; NULL: that */
	bool debug;
	bool gpt_auto;          /* systemd.gpt_auto=0: no root is looked for by its partition's type */
	char *verity;           /* roothash or usrhash, where that is given; NULL: neither is */
	enum api_way api;       /* rd.slipway.api= */
	bool serialize;         /* hand over to systemd by serialization */
	char **warnings;        /* words that could not be used, each a whole sentence */
};

/* The texts that it is read from; NULL where there is none. */
struct boot_text {
	const char *crypttab; /* the image's */
	const char *image;    /* the words of its cmdline.d */
	const char *kernel;   /* /proc/cmdline */
};

/* A value that makes no sense becomes a warning and the default. 0 or -ENOMEM. */
int boot_parse(const struct boot_text *text, struct boot *ret);
void boot_free(struct boot *b);

/* Is a shell wanted before that stage? */
bool boot_breaks_at(const struct boot *b, const char *stage);

/* What was said of where the root is; NULL: nothing. */
const char *boot_root_text(const struct boot *b);
