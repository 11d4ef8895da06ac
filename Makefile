# bootgate: `make demo` and `make check` install what is missing (Debian 12), build and run.
.DEFAULT_GOAL := all
BUILD    ?= build
VECTORS  ?= ../shared/vectors
PREFIX   ?= /usr/local
BINDIR   ?= $(PREFIX)/bin
MANDIR   ?= $(PREFIX)/share/man
# What a guest image gets (image/README.md). The program looks for its configuration in /usr/lib/bootgate, whatever PREFIX is.
SYSTEMDUNITDIR    ?= /usr/lib/systemd/system
TMPFILESDIR       ?= /usr/lib/tmpfiles.d
UDEVRULESDIR      ?= /usr/lib/udev/rules.d
DRACUTDIR         ?= /usr/lib/dracut
INITRAMFSTOOLSDIR ?= /usr/share/initramfs-tools
POSITION          ?= own
INSTALL_STRIP     ?= -s
DESTDIR  ?=
CC       ?= gcc
PKG_CONFIG ?= pkg-config
PYTHON   ?= python3
V        ?= 0
Q        := $(if $(filter 1,$(V)),,@)

CORE_LIBS  := libcrypto jansson libsecp256k1 libcbor
AGENT_LIBS := $(CORE_LIBS) libseccomp libcurl tss2-esys tss2-mu tss2-tcti-device
TEST_LIBS  := tss2-tcti-swtpm
VERSION    := $(shell git describe --always --dirty 2>/dev/null || cat VERSION 2>/dev/null || echo unknown)

WARN := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wvla -Werror
# takes: the flags when the compiler has them; clang 14 wants a second one for zeroed variables.
takes = $(if $(shell echo 'int x;' | $(CC) -Werror $(1) -x c -c -o /dev/null - 2>/dev/null && echo yes),$(1))
comma := ,
links = $(if $(shell echo 'int main(void) { return 0; }' | $(CC) -Werror $(1) -x c -o /dev/null - 2>/dev/null && echo yes),$(1))
ZERO := -ftrivial-auto-var-init=zero
HARD := -fPIE -fstack-protector-strong $(call takes,-fstack-clash-protection) $(call takes,-fcf-protection=full) \
        $(or $(call takes,$(ZERO)),$(call takes,$(ZERO) -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang))
# No exceptions to unwind; a debugger reads .debug_frame. Relative relocations packed: the table of codes has thousands.
SMALL := -fno-asynchronous-unwind-tables -fno-unwind-tables
HARDLD := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code $(call links,-Wl$(comma)-z$(comma)pack-relative-relocs)
OPT  ?= -O2 -g
FORTIFY ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
SAN  ?=
ifeq ($(SAN),1)
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
FORTIFY :=
SMALL :=
SANLD := -fsanitize=address,undefined
endif
CFLAGS += -std=c17 -D_DEFAULT_SOURCE $(OPT) $(FORTIFY) $(WARN) $(HARD) $(SMALL) -I. -I$(BUILD)/gen -ffile-prefix-map=$(CURDIR)=. \
          $(shell $(PKG_CONFIG) --cflags $(AGENT_LIBS) 2>/dev/null)
LDFLAGS += $(HARDLD) $(SANLD) -Wl,--as-needed -Wl,--gc-sections
LIBS = $(shell $(PKG_CONFIG) --libs $(AGENT_LIBS) 2>/dev/null)
LIBS_TEST = $(shell $(PKG_CONFIG) --libs $(TEST_LIBS) 2>/dev/null)

BASE_SRC   := $(wildcard base/*.c)
QUOTE_SRC  := $(wildcard quote/*.c)
POLICY_SRC := $(wildcard policy/*.c policy/*/*.c)
# build_release.c and build_test.c are the only objects in which the two programs differ.
AGENT_SRC  := $(filter-out agent/build_release.c agent/build_test.c,$(wildcard agent/*.c agent/*/*.c))
TESTLIB_SRC := $(wildcard tests/lib/*.c)
UNIT_SRC   := $(wildcard tests/unit/*_test.c) $(wildcard tests/vectors/*_test.c) $(wildcard tests/mutants/*_test.c)
# With a TPM of their own: run by tests/e2e/tpm_suite.sh.
LIVE_SRC   := $(wildcard tests/live/*_test.c)
TOOL_SRC   := $(wildcard tests/tools/*.c)
BENCH_SRC  := $(wildcard tests/bench/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIBBASE := $(BUILD)/libbase.a
LIBQUOTE := $(BUILD)/libquote.a
LIBPOLICY := $(BUILD)/libpolicy.a
LIBTEST := $(BUILD)/libtest.a
# The agent without main, for its unit tests.
LIBAGENT := $(BUILD)/libagent.a
CORE := $(LIBPOLICY) $(LIBQUOTE) $(LIBBASE)
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
LIVE_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(LIVE_SRC))
TOOL_BIN := $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(TOOL_SRC))
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))

.PHONY: all test-build tools unit check check-unit check-asan check-e2e check-boot check-ovmf check-devnet check-oracles lint format analyze fuzz fuzz-smoke bench bench-devnet demo deps \
        install uninstall clean man

all: $(BUILD)/bootgate
test-build: $(BUILD)/test/bootgate tools $(LIVE_BIN)
tools: $(TOOL_BIN)
unit: $(UNIT_BIN)

# What waits for others is small; what computes is fast.
ifneq ($(SAN),1)
$(BUILD)/obj/agent/%.o: OPT := -Os -g
endif

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@[ '$(V)' = 1 ] || echo "  CC  $<"
	$(Q)$(CC) $(CFLAGS) -MMD -MP -ffunction-sections -fdata-sections -c $< -o $@

# A head of the chain from before the program was made is refused by boot (agent/build.h).
BUILD_FLOOR ?= $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0)
$(BUILD)/obj/agent/build_release.o: CFLAGS += -DBOOTGATE_BUILD_FLOOR=UINT64_C\($(BUILD_FLOOR)\)
# The oldest TCB documents that boot accepts where its configuration says nothing: build_release.c has defaults.
$(BUILD)/obj/agent/build_release.o: CFLAGS += $(if $(BUILD_MIN_TCB_EVALUATION),-DBOOTGATE_MIN_TCB_EVALUATION=$(BUILD_MIN_TCB_EVALUATION)) \
        $(if $(BUILD_MIN_TCB_DATE),-DBOOTGATE_MIN_TCB_DATE=$(BUILD_MIN_TCB_DATE))
$(BUILD)/obj/agent/verb_version.o: CFLAGS += -DBOOTGATE_VERSION='"$(VERSION)"'

$(LIBBASE): $(call obj,$(BASE_SRC))
$(LIBQUOTE): $(call obj,$(QUOTE_SRC))
$(LIBPOLICY): $(call obj,$(POLICY_SRC))
$(LIBTEST): $(call obj,$(TESTLIB_SRC))
$(LIBAGENT): $(call obj,$(filter-out agent/main.c,$(AGENT_SRC)) agent/build_test.c)
$(LIBBASE) $(LIBQUOTE) $(LIBPOLICY) $(LIBTEST) $(LIBAGENT):
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/bootgate: $(call obj,$(AGENT_SRC) agent/build_release.c) $(CORE)
$(BUILD)/test/bootgate: $(call obj,$(AGENT_SRC) agent/build_test.c) $(CORE)
$(BUILD)/test/bootgate: LIBS += $(LIBS_TEST)
$(BUILD)/bootgate $(BUILD)/test/bootgate:
	@mkdir -p $(@D)
	@[ '$(V)' = 1 ] || echo "  LD  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIBTEST) $(LIBAGENT) $(CORE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs cmocka) $(LIBS) $(LIBS_TEST)
$(BUILD)/tools/%: $(BUILD)/obj/tests/tools/%.o $(LIBTEST) $(CORE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs cmocka) $(LIBS)
# For the inside of a guest without libraries: no `world`.
$(BUILD)/tools/td_machine.static: tests/tools/td_machine.c $(LIBTEST) $(CORE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -DTD_MACHINE_STATIC -static -Wl,--gc-sections,--no-warnings -o $@ $^ -ljansson -lcrypto
# configfs-tsm's look-alike, where FUSE's library is.
TSM_FUSE := $(if $(shell $(PKG_CONFIG) --exists fuse3 2>/dev/null && echo yes),$(BUILD)/tools/tsm_fuse)
RTMR_FUSE := $(subst tsm_fuse,rtmr_fuse,$(TSM_FUSE))
tools: $(TSM_FUSE) $(RTMR_FUSE)
$(BUILD)/obj/tests/tsm/tsm_fuse.o $(BUILD)/obj/tests/tsm/rtmr_fuse.o: CFLAGS += $(shell $(PKG_CONFIG) --cflags fuse3 2>/dev/null)
$(BUILD)/tools/tsm_fuse $(BUILD)/tools/rtmr_fuse: $(BUILD)/tools/%: $(BUILD)/obj/tests/tsm/%.o $(LIBTEST) $(CORE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(shell $(PKG_CONFIG) --libs fuse3)
# Collection from a guest that is none: every way in which its devices and files can be wrong.
.PHONY: check-tsm
check-tsm: all test-build
	@BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/e2e/tsm_e2e.sh
	@BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/e2e/own_e2e.sh
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIBTEST) $(CORE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs cmocka) $(LIBS)

# One unit test while working: make run T=rlp  (SAN=1 BUILD=build/asan for the sanitized one)
.PHONY: run
run: $(filter %/$(T)_test,$(UNIT_BIN) $(LIVE_BIN))
	BOOTGATE_VECTORS='$(VECTORS)' $<

check-unit: unit
	BOOTGATE_VECTORS='$(VECTORS)' tests/run.sh $(UNIT_BIN)

# Everything: installs what is missing, builds both programs (plain and sanitized), runs all tests.
check: deps
	@$(MAKE) -s -j2 all test-build unit
	@$(MAKE) -s -j2 SAN=1 BUILD=$(BUILD)/asan test-build unit
	@scripts/check.sh '$(BUILD)' '$(VECTORS)'

check-asan:
	$(MAKE) SAN=1 BUILD=$(BUILD)/asan check-unit

check-e2e: all test-build
	BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/e2e/gate_e2e.sh
	BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/e2e/fetch_e2e.sh
	BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/e2e/ethereum_e2e.sh
	BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/e2e/stale_e2e.sh
	BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/e2e/near_e2e.sh
	BUILD='$(BUILD)' tests/e2e/outcome_e2e.sh
	BUILD='$(BUILD)' tests/e2e/tpm_suite.sh

# The gate in guests under QEMU (two to four minutes; needs no KVM); part of `make check`. One case: T=name
check-boot: deps
	@$(MAKE) -s -j2 all test-build
	@BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/vm/run.sh $(T)

# Measured boot in guests under QEMU with OVMF (one to two minutes; needs no KVM); part of `make check`. One case: T=name
check-ovmf: deps
	@$(MAKE) -s -j2 all test-build
	@BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/vm/ovmf_boot.sh $(T)

# The EVM against @ethereumjs/evm at length (minutes); `make check` runs a sample.
check-oracles: tools
	EVM_DIFF=full BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/oracles/run.sh

# The program on a beacon chain of the tests' own (two to three minutes, most of it waiting); part of `make check`.
check-devnet: deps
	@$(MAKE) -s -j2 all test-build
	@BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/devnet/run.sh
# The live part of `make bench` alone.
bench-devnet: deps
	@$(MAKE) -s -j2 all test-build
	@BUILD='$(BUILD)' tests/bench/devnet_bench.sh

demo: deps
	@$(MAKE) -s -j2 all test-build
	@BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/demo.sh

bench: deps
	@$(MAKE) -s -j2 all test-build $(BENCH_BIN)
	@BUILD='$(BUILD)' VECTORS='$(VECTORS)' tests/bench/run.sh

deps:
	@scripts/deps.sh

lint: all
	@scripts/lint.sh '$(BUILD)'
format:
	git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i
analyze: deps
	@scripts/analyze.sh
FUZZ_SECONDS ?= 60
fuzz:
	@scripts/fuzz.sh '$(BUILD)' $(FUZZ_SECONDS) $(T)
fuzz-smoke:
	@scripts/fuzz.sh '$(BUILD)' 3

# The manual of error codes is made from the same table as the program.
man: $(BUILD)/man/bootgate-codes.7
$(BUILD)/man/bootgate-codes.7: $(wildcard base/errors/*.def) scripts/codes_man.sh
	@mkdir -p $(@D)
	$(Q)scripts/codes_man.sh > $@

install: all man
	install -v -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(MANDIR)/man5" "$(DESTDIR)$(MANDIR)/man7"
	install -v -m 0755 $(INSTALL_STRIP) $(BUILD)/bootgate "$(DESTDIR)$(BINDIR)/bootgate"
	install -v -m 0644 docs/man/*.1 "$(DESTDIR)$(MANDIR)/man1/"
	install -v -m 0644 docs/man/*.5 "$(DESTDIR)$(MANDIR)/man5/"
	install -v -m 0644 docs/man/*.7 $(BUILD)/man/bootgate-codes.7 "$(DESTDIR)$(MANDIR)/man7/"
	install -v -d "$(DESTDIR)$(SYSTEMDUNITDIR)"
	install -v -m 0644 image/systemd/*.service image/systemd/*.mount "$(DESTDIR)$(SYSTEMDUNITDIR)/"
	$(if $(DRACUTDIR),install -v -D -m 0755 -t "$(DESTDIR)$(DRACUTDIR)/modules.d/90bootgate" image/dracut/90bootgate/*)
	install -v -D -m 0644 -t "$(DESTDIR)/usr/lib/bootgate" image/initramfs/bootgate.sh
# .. and what puts the gate into the boot of the image that DESTDIR is: never on a machine that is to go on booting as it does.
.PHONY: install-image
install-image: install
	install -v -D -m 0644 image/systemd/position-$(POSITION).conf "$(DESTDIR)$(SYSTEMDUNITDIR)/bootgate.service.d/50-position.conf"
	install -v -m 0644 image/systemd/vsock.conf "$(DESTDIR)$(SYSTEMDUNITDIR)/bootgate.service.d/60-vsock.conf"
	install -v -m 0644 image/systemd/time.conf "$(DESTDIR)$(SYSTEMDUNITDIR)/bootgate.service.d/70-time.conf"
	install -v -D -m 0644 image/systemd/chronyd.conf "$(DESTDIR)$(SYSTEMDUNITDIR)/chronyd.service.d/60-bootgate.conf"
	install -v -D -m 0644 -t "$(DESTDIR)$(UDEVRULESDIR)" image/systemd/90-bootgate.rules
	install -v -D -m 0644 image/systemd/tmpfiles.conf "$(DESTDIR)$(TMPFILESDIR)/bootgate.conf"
	image/systemd/enable.sh "$(POSITION)" "$(DESTDIR)$(SYSTEMDUNITDIR)"
	$(if $(INITRAMFSTOOLSDIR),install -v -D -m 0755 -t "$(DESTDIR)$(INITRAMFSTOOLSDIR)/hooks" image/initramfs-tools/hooks/bootgate)
	$(if $(INITRAMFSTOOLSDIR),install -v -D -m 0755 -t "$(DESTDIR)$(INITRAMFSTOOLSDIR)/scripts/init-premount" \
	    image/initramfs-tools/scripts/init-premount/bootgate)
	$(if $(INITRAMFSTOOLSDIR),install -v -D -m 0755 -t "$(DESTDIR)$(INITRAMFSTOOLSDIR)/scripts/panic" image/initramfs-tools/scripts/panic/bootgate)
uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/bootgate" "$(DESTDIR)$(MANDIR)"/man[157]/bootgate*.[157] "$(DESTDIR)/usr/lib/bootgate/bootgate.sh"
	cd "$(DESTDIR)$(SYSTEMDUNITDIR)" && rm -rf $(notdir $(wildcard image/systemd/*.service image/systemd/*.mount)) bootgate.service.d \
	    chronyd.service.d/60-bootgate.conf *.requires/bootgate.service *.requires/run-measured.mount
	rm -f "$(DESTDIR)$(TMPFILESDIR)/bootgate.conf" "$(DESTDIR)$(UDEVRULESDIR)/90-bootgate.rules"
	$(if $(DRACUTDIR),rm -rf "$(DESTDIR)$(DRACUTDIR)/modules.d/90bootgate")
	$(if $(INITRAMFSTOOLSDIR),rm -f "$(DESTDIR)$(INITRAMFSTOOLSDIR)/hooks/bootgate" \
	    "$(DESTDIR)$(INITRAMFSTOOLSDIR)/scripts/init-premount/bootgate" "$(DESTDIR)$(INITRAMFSTOOLSDIR)/scripts/panic/bootgate")

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
