# slipway: one file builds, checks and installs everything; no configure step.
#
#   make                 build/init build/shutdown build/slipway build/cradle build/initrd
#   make check           unit, fuzz corpora, namespaces, golden images: seconds, no root
#   make check-vm        the cases of tier "test" in qemu
#   make test            deps + check + check-vm
#   make matrix          every case, resumable; ONLY='disk-* kexec@sid': some
#   make demo            a Debian guest, there and back
#   make SAN=1 check     the same under ASan and UBSan      (build/san)
#   make COV=1 check     the same with coverage             (build/cov)
#   make fuzz            libFuzzer targets, 60 s each       (build/fuzz)
#   make bench           slipway beside its peers, as root  (docs/performance.md)
#   make peers           stacks up and down beside them     (docs/stacks.md)
#   make install         prefix, DESTDIR and the directories below; integration= names what of units/ is placed
#   make deb             build/deb/slipway_VERSION_ARCH.deb
#   make compile_commands.json

VERSION := 0.1.0

prefix     ?= /usr
bindir     ?= $(prefix)/bin
libexecdir ?= $(prefix)/lib/slipway
unitdir    ?= $(prefix)/lib/systemd/system
mandir     ?= $(prefix)/share/man
sysconfdir ?= /etc
datadir    ?= $(prefix)/share
bashcompletiondir ?= $(datadir)/bash-completion/completions
zshcompletiondir  ?= $(datadir)/zsh/vendor-completions
kernelinstalldir  ?= $(prefix)/lib/kernel/install.d
alpmdir           ?= $(datadir)/libalpm
DESTDIR    ?=
# Each does nothing where its caller is missing.
integration ?= kernel-install debian pacman

# make V=1 shows the commands.
Q = $(if $(V),,@echo "  $@" && )
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

B := build$(if $(SAN),/san)$(if $(COV),/cov)
PKG_CONFIG ?= pkg-config
PYTHON     ?= /usr/bin/python3
ifeq ($(origin CC),default)
CC := gcc
endif

CFLAGS   ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -DSLIPWAY_VERSION='"$(VERSION)"' -DLIBEXECDIR='"$(libexecdir)"' -Isrc -I.
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wformat=2 -Wwrite-strings -Wno-unused-parameter $(WERROR)
STD      := -std=gnu17 -fno-common -ffunction-sections -fdata-sections -fstack-protector-strong
LDGC     := -Wl,--gc-sections -Wl,-z,relro,-z,now
sanflags := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS    := $(STD) $(WARN) $(CFLAGS) $(if $(SAN),$(sanflags)) $(if $(COV),--coverage -O0)
LINK      = $(CC) $(FLAGS) $(LDGC) $(LDFLAGS)

# Which libraries each program is allowed to stand on.
init_pkgs  := blkid
# What init opens when it wants it, and the decoder that it has inside.
open_pkgs  := libkmod mount libzstd libarchive
image_pkgs := libkmod libzstd liblzma liblz4 zlib
# jansson: slipway opens it.
pkg_cflags := $(shell $(PKG_CONFIG) --cflags $(init_pkgs) $(open_pkgs) $(image_pkgs) jansson 2>/dev/null)
# Of libzstd init has the decoder inside where there is an archive of it: 0.1 MB in place of 0.8.
zstd_archive := $(filter /%,$(shell $(CC) -print-file-name=libzstd.a))
init_libs   = $(shell $(PKG_CONFIG) --libs $(init_pkgs)) $(or $(zstd_archive),-lzstd)
# libbz2 of Debian 12 has no .pc file.
image_libs  = $(shell $(PKG_CONFIG) --libs $(image_pkgs)) -lbz2

src_of  = $(sort $(wildcard $(1)/*.c))
# Below obj/: the program build/shutdown and the directory of its objects may not have the same name.
obj_of  = $(patsubst %.c,$(B)/obj/%.o,$(call src_of,$(1)))
lib_of  = $(filter-out %/main.o,$(call obj_of,$(1)))

all: $(B)/init $(B)/shutdown $(B)/slipway $(B)/cradle $(B)/initrd

# Beside the programs, where slipway looks for them: units for an initrd that systemd runs.
initrd_units := $(wildcard units/initrd/* units/initrd/*/*)
$(B)/initrd: $(initrd_units)
	@rm -rf $@
	@cp -r units/initrd $@
	@touch $@

$(B)/base.a:     $(call obj_of,src/base)
$(B)/initlib.a:  $(call lib_of,src/init)
$(B)/imagelib.a: $(call lib_of,src/image)
$(B)/downlib.a:  $(call lib_of,shutdown)
$(B)/cradlelib.a: $(call lib_of,src/cradle)

$(B)/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	@ar rcs $@ $^

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(pkg_cflags) $(FLAGS) -MMD -MP -c -o $@ $<

# Unpacked at each boot: stripped. The objects have what a debugger wants.
$(B)/init: $(B)/obj/src/init/main.o $(B)/initlib.a $(B)/base.a
	$(Q)$(LINK) $(if $(SAN)$(COV),,-s) -o $@ $^ $(init_libs)

$(B)/slipway: $(B)/obj/src/image/main.o $(B)/imagelib.a $(B)/base.a
	$(Q)$(LINK) -o $@ $^ $(image_libs)

# The exitrd stands on nothing of the old root: static, except under the sanitizers. It lies in each image, and in memory for
# as long as the machine runs: stripped, and with musl where there is its compiler, 0.13 MB in place of glibc's 0.87.
EXITRD_CC ?= $(if $(SAN)$(COV),,$(firstword $(wildcard $(addsuffix /musl-gcc,$(subst :, ,$(PATH))))))
exitrd_src = $(call src_of,shutdown) $(call src_of,src/base)
cradle_src = $(call src_of,src/cradle) $(call src_of,src/base)
ifeq ($(EXITRD_CC),)
$(B)/shutdown: $(B)/obj/shutdown/main.o $(B)/downlib.a $(B)/base.a
	$(Q)$(LINK) $(if $(SAN),,-static -s) -o $@ $^

$(B)/cradle: $(B)/obj/src/cradle/main.o $(B)/cradlelib.a $(B)/base.a
	$(Q)$(LINK) $(if $(SAN),,-static -s) -o $@ $^
else
# The kernel's headers lie behind musl's own.
$(B)/exitrd/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(EXITRD_CC) $(CPPFLAGS) $(FLAGS) $(exitrd_headers) -MMD -MP -c -o $@ $<

exitrd_headers = $(addprefix -idirafter ,/usr/include $(wildcard /usr/include/$(shell $(CC) -dumpmachine)))

$(B)/shutdown: $(exitrd_src:%.c=$(B)/exitrd/%.o)
	$(Q)$(EXITRD_CC) $(FLAGS) $(LDGC) $(LDFLAGS) -static -s -o $@ $^

$(B)/cradle: $(cradle_src:%.c=$(B)/exitrd/%.o)
	$(Q)$(EXITRD_CC) $(FLAGS) $(LDGC) $(LDFLAGS) -static -s -o $@ $^
endif

include tests/tests.mk

install: install-programs $(integration:%=install-%)

place = install -D -m $(1) -t $(DESTDIR)$(2)

install-programs: all
	$(call place,0755,$(bindir)) $(B)/slipway
	$(call place,0755,$(libexecdir)) $(B)/init $(B)/shutdown $(B)/cradle
	for u in units/*.service; do \
		$(call place,0644,$(unitdir)) $$u && \
		sed -i 's|/usr/bin/|$(bindir)/|' $(DESTDIR)$(unitdir)/$${u##*/} || exit 1; \
	done
	for u in $$(cd units/initrd && find . -type f); do \
		install -D -m 0644 units/initrd/$$u $(DESTDIR)$(libexecdir)/initrd/$$u || exit 1; \
	done
	$(call place,0644,$(unitdir)/mdmon@.service.d) units/initrd/mdmon@.service.d/50-slipway.conf
	$(call place,0755,$(libexecdir)) units/inits/s6-finish units/inits/script-init
	for m in docs/man/*.[1-8]; do $(call place,0644,$(mandir)/man$${m##*.}) $$m || exit 1; done
	$(call place,0644,$(bashcompletiondir)) units/completion/slipway
	$(call place,0644,$(zshcompletiondir)) units/completion/_slipway

install-kernel-install:
	$(call place,0755,$(kernelinstalldir)) units/kernel-install/50-slipway.install

# update-initramfs lies where no other generator's is; the Debian package, which conflicts with those, links to it.
install-debian:
	$(call place,0755,$(libexecdir)) units/update-initramfs
	for d in postinst.d postrm.d; do \
		$(call place,0755,$(sysconfdir)/kernel/$$d) units/kernel/$$d/slipway && \
		sed -i 's|/usr/lib/slipway|$(libexecdir)|' $(DESTDIR)$(sysconfdir)/kernel/$$d/slipway || exit 1; \
	done

install-pacman:
	$(call place,0644,$(alpmdir)/hooks) units/pacman/60-slipway-remove.hook units/pacman/90-slipway-install.hook
	$(call place,0755,$(alpmdir)/scripts) units/pacman/slipway

# From a copy of the tree: a package's build wants debian/ at the top. With flags of its own, so it is compiled anew.
deb_source = build/deb/slipway-$(VERSION)
deb:
	@rm -rf build/deb
	@mkdir -p $(deb_source)
	@tar -c --exclude=./build --exclude=./.git . | tar -x -C $(deb_source)
	@cp -a units/debian $(deb_source)/debian
	cd $(deb_source) && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -b -us -uc -j2

# Debian packages needed to build and test, by name; the one list is tests/packages.
deps:
	./tests/deps.sh

compile_commands.json:
	$(PYTHON) tests/compile_commands.py $(CC) $(CPPFLAGS) $(pkg_cflags) $(STD) > $@

clean:
	rm -rf build/san build/cov build/fuzz build/obj build/tests \
	      build/*.a build/init build/shutdown build/slipway build/cradle compile_commands.json

.PHONY: all install install-programs install-kernel-install install-debian install-pacman deb deps compile_commands.json clean
-include $(shell find $(B)/obj $(B)/exitrd $(B)/tests -name '*.d' -type f 2>/dev/null)
