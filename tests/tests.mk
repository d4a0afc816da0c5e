# The rings of tests. A test is found by where it lies; nothing is listed twice.
#
#   tests/unit/DIR/test-NOUN.c   cmocka; links DIR's objects and base's. A line " * wrap: mount umount2" in
#                                its first comment replaces these symbols (-Wl,--wrap=)
#   tests/fuzz/fuzz-NOUN.c       LLVMFuzzerTestOneInput; first comment line says " * links: DIR"; its corpus,
#                                tests/fuzz/corpus/NOUN/, is replayed by `make check`
#   tests/check/*                one executable a check (layers, contract, packages, costs …)
#   tests/ns/test_*.py           /init and shutdown as PID 1 of namespaces
#   tests/image/test_*.py        golden images
#   tests/bench/bench.py         no ring: what it costs, in docs/performance.md
#   tests/peers/peers.py         no ring: the stacks with other generators' images, in docs/stacks.md; test_*.py: its oracles
#   tests/package/test_*.py      the scripts of units/, what is installed, the Debian package
#   tests/vm/test_*.py           real kernels in qemu; tests/vm/cases.py is the table

unit_src := $(wildcard tests/unit/*/test-*.c)
unit_bin := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(unit_src))
fuzz_src := $(wildcard tests/fuzz/fuzz-*.c)
fuzz_bin := $(patsubst tests/fuzz/fuzz-%.c,$(B)/tests/fuzz/replay-%,$(fuzz_src))

libs_base     :=
libs_init      = $(B)/initlib.a
libs_image     = $(B)/imagelib.a
libs_shutdown  = $(B)/downlib.a
libs_cradle    = $(B)/cradlelib.a
ldlibs_init    = $(init_libs)
ldlibs_image   = $(image_libs)

unit_dir = $(word 1,$(subst /, ,$(patsubst $(B)/tests/unit/%,%,$(1))))
wraps_of = $(addprefix -Wl$(comma)--wrap=,$(shell sed -n 's/^ \* wrap: //p' $(1)))
fuzz_dir = $(shell sed -n 's/^ \* links: //p' tests/fuzz/fuzz-$(1).c)
comma   := ,

.SECONDEXPANSION:
$(unit_bin): $(B)/tests/unit/%: tests/unit/%.c Makefile tests/tests.mk \
		$$(libs_$$(call unit_dir,$$@)) $(B)/base.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(pkg_cflags) $(FLAGS) -MMD -MP -o $@ $< \
		$(libs_$(call unit_dir,$@)) $(B)/base.a $(call wraps_of,$<) $(LDFLAGS) \
		$(ldlibs_$(call unit_dir,$@)) -lcmocka

$(fuzz_bin): $(B)/tests/fuzz/replay-%: tests/fuzz/fuzz-%.c $(B)/obj/tests/fuzz/replay.o Makefile \
		$$(libs_$$(call fuzz_dir,$$*)) $(B)/base.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(pkg_cflags) $(FLAGS) -MMD -MP -o $@ $< $(B)/obj/tests/fuzz/replay.o \
		$(libs_$(call fuzz_dir,$*)) $(B)/base.a $(LDFLAGS) $(ldlibs_$(call fuzz_dir,$*))

# The same with the fuzzer's own main, which run.sh brings by LDFLAGS.
$(B)/tests/fuzz/fuzz-%: tests/fuzz/fuzz-%.c Makefile $$(libs_$$(call fuzz_dir,$$*)) $(B)/base.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(pkg_cflags) $(FLAGS) -MMD -MP -o $@ $< \
		$(libs_$(call fuzz_dir,$*)) $(B)/base.a $(LDFLAGS) $(ldlibs_$(call fuzz_dir,$*))

check-unit: $(unit_bin)
	@B=$(B) ./tests/run-unit.sh $(unit_bin)

check-fuzz: $(fuzz_bin)
	@for f in $(fuzz_bin); do n=$${f##*/replay-}; $$f tests/fuzz/corpus/$$n || exit 1; done

# Each file of tests/check is one rule of the house; it prints what is wrong and exits 1.
check-rules: all
	@for c in tests/check/*; do [ ! -f $$c ] || [ ! -x $$c ] || B=$(B) $$c || exit 1; done

check-layers:
	@./tests/check/layers

check-ns: all
	B=$(B) $(PYTHON) -m pytest -q -n 2 -p no:cacheprovider tests/ns

check-image: all
	B=$(B) $(PYTHON) -m pytest -q -n 2 -p no:cacheprovider tests/image

check-package: all
	B=$(B) $(PYTHON) -m pytest -q -n 2 --dist loadfile -p no:cacheprovider tests/package

check-peers:
	$(PYTHON) -B -m pytest -q -p no:cacheprovider tests/peers

check: all check-unit check-fuzz check-rules check-ns check-image check-package check-peers

check-vm: all
	B=$(B) $(PYTHON) tests/vm/run.py test

matrix: all
	B=$(B) $(PYTHON) tests/vm/run.py matrix $(patsubst %,'%',$(ONLY))

demo: deps
	$(MAKE) all
	B=$(B) $(PYTHON) tests/vm/demo.py

test: deps
	$(MAKE) check
	$(MAKE) check-vm

# Coverage-guided runs: make fuzz FUZZ_SECONDS=600
FUZZ_SECONDS ?= 60
fuzz:
	@./tests/fuzz/run.sh $(FUZZ_SECONDS) $(fuzz_src)

# What making an image and booting it costs, beside the generators that Debian has. As root: trees are made, and
# chrooted into. In parts: make bench BENCH="--suite trixie --kernel cloud"
bench_programs = $(addprefix $(B)/bench/,measure floor next-init)
bench: all $(bench_programs)
	B=$(B) $(PYTHON) -B tests/bench/bench.py $(BENCH)

# The same beside many disks, and the way down.
bench-scaling bench-poweroff: bench-%: all $(bench_programs)
	B=$(B) $(PYTHON) -B tests/bench/$*.py $(BENCH)

# What the hand-over costs systemd: pairs of boots, hours; in parts, BENCH="--pairs 3".
bench-handover: all
	B=$(B) $(PYTHON) -B tests/bench/handover.py $(BENCH)

# The stacks of tests/vm/stacks.py with the images of slipway, initramfs-tools and dracut: hours, as root.
# In parts: make peers PEERS="tower luks"
peers: all $(B)/bench/measure
	B=$(B) $(PYTHON) -B tests/peers/peers.py $(PEERS)

$(B)/bench/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(FLAGS) -static -s -o $@ $<

.PHONY: bench bench-scaling bench-poweroff peers check check-unit check-fuzz check-rules check-layers check-ns check-image check-package check-peers check-vm matrix demo test fuzz
