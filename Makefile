# One command sets up and runs: every target first builds the private environment it needs.
PYTHON ?= python3
UV_VERSION := 0.9.8
BIN := .venv/bin
SAMPLE := .cache/vtest.avi

.PHONY: demo test check lint types contracts bench lock clean
.DEFAULT_GOAL := help

help: ## show what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16
