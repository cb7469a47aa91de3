# zapcls: `make app` serves it, `make test` tests it, `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
REQUIREMENTS = requirements-answer.txt requirements-serve.txt requirements-train.txt
BIN := $(VENV)/bin
# Benchmarks take the bundled network, or ARCH with WEIGHTS (imagenet, or a .safetensors file).
NET = $(if $(ARCH),--arch "$(ARCH)") $(if $(WEIGHTS),--weights "$(WEIGHTS)")
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help app test check bench bench-rates bench-presets bench-labels bench-slices bench-gallery bench-color-bias bench-planted bench-similar bench-answering bench-elsewhere bench-pages bench-neighbours bench-load bench-faults clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 20

app: $(VENV)/app.stamp ## serve the app on http://localhost:8501; DATA=DIR opens it on a data set; PORT=N
	@$(BIN)/python -m zapcls serve $(if $(DATA),--data "$(DATA)") $(if $(WORKSPACE),--workspace "$(WORKSPACE)") $(if $(PORT),--port "$(PORT)")

test: $(VENV)/dev.stamp ## run every test; the browser's where Chromium is found
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m slow -rs

check: $(VENV)/dev.stamp ## ruff, format, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/app.stamp ## speed beside plain fastai; DATA=DIR [ONLY=views,recipe,embeddings,counts]
	$(BIN)/python -m benchmarks.speed --data "$(DATA)" $(NET) $(if $(ONLY),--only "$(ONLY)")

bench-rates: $(VENV)/app.stamp ## error rates on real photos; DATA=DIR [LR=suggested]
	$(BIN)/python -m benchmarks.real_photos --data "$(DATA)" $(NET) $(if $(LR),--lr "$(LR)")

bench-presets: $(VENV)/app.stamp ## the presets beside plain fastai for as long, offline; DATA=DIR [PRESETS=laptop,thorough]
	$(BIN)/python -m benchmarks.presets --data "$(DATA)" $(if $(PRESETS),--presets "$(PRESETS)") $(if $(SEEDS),--seeds "$(SEEDS)")

bench-labels: $(VENV)/app.stamp ## are wrong labels found; DATA=DIR
	$(BIN)/python -m benchmarks.label_noise --data "$(DATA)" $(NET)

bench-slices: $(VENV)/app.stamp ## are bad groups found, and how often falsely; DATA=DIR
	$(BIN)/python -m benchmarks.slices --data "$(DATA)"

bench-color-bias: $(VENV)/app.stamp ## do the color intervals hold the truth, how often falsely alarmed; [WORKSPACE=DIR]
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.color_bias $(if $(WORKSPACE),--workspace "$(WORKSPACE)")

bench-planted: $(VENV)/app.stamp ## is a color bias planted in training found; [DATA=DIR]
	$(BIN)/python -m benchmarks.planted_bias $(if $(DATA),--data "$(DATA)") $(NET)

bench-similar: $(VENV)/app.stamp ## are siblings and photos of one kind found, how fast; DATA=DIR [WORKSPACE=DIR RUN=RUN ONLY=speed]
	$(BIN)/python -m benchmarks.similar --data "$(DATA)" $(if $(WORKSPACE),--workspace "$(WORKSPACE)") $(if $(RUN),--run "$(RUN)") $(if $(ONLY),--only "$(ONLY)")

bench-gallery: $(VENV)/dev.stamp ## time of a filter or page change at 50,000 predictions; [DATA=DIR TARGET=COLUMN]
	$(BIN)/python -m benchmarks.gallery $(if $(DATA),--data "$(DATA)") $(if $(TARGET),--target "$(TARGET)")

bench-answering: $(VENV)/app.stamp ## how fast photos are answered, beside the engine and fastai; RUN=RUN [WORKSPACE=DIR]
	$(BIN)/python -m benchmarks.answering --run "$(RUN)" $(if $(WORKSPACE),--workspace "$(WORKSPACE)")

bench-elsewhere: $(VENV)/app.stamp ## error rates on photos of other shops, by both priors; RUN=RUN TABLE=CSV [WORKSPACE=DIR]
	$(BIN)/python -m benchmarks.elsewhere --run "$(RUN)" --table "$(TABLE)" $(if $(WORKSPACE),--workspace "$(WORKSPACE)")

bench-pages: $(VENV)/dev.stamp ## seconds until each page shows something, and is complete; WORKSPACE=DIR [RUN=RUN ONLY=errors]
	$(BIN)/python -m benchmarks.pages --workspace "$(WORKSPACE)" $(if $(RUN),--run "$(RUN)") $(if $(ONLY),--only "$(ONLY)")

bench-load: $(VENV)/dev.stamp ## twenty visitors at once for five minutes, and programs that ask; WORKSPACE=DIR RUN=RUN [MODES=demo MINUTES=1]
	$(BIN)/python -m benchmarks.load --workspace "$(WORKSPACE)" --run "$(RUN)" $(if $(MODES),--modes "$(MODES)") $(if $(MINUTES),--minutes "$(MINUTES)")

bench-neighbours: $(VENV)/app.stamp ## two trainings at once beside one after the other; [DATA=DIR]
	$(BIN)/python -m benchmarks.neighbours $(if $(DATA),--data "$(DATA)")

comma := ,
bench-faults: $(VENV)/dev.stamp ## damaged files, full disks, kills and odd inputs, as docs/reliability.md counts them; [ONLY=cuts,disk,kills,inputs SEED=1]
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/faults --full $(if $(SEED),--seed "$(SEED)") $(if $(ONLY),-k "$(subst $(comma), or ,$(ONLY))")

clean: ## remove the environment and the caches; the workspace stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/app.stamp: requirements.txt $(REQUIREMENTS) constraints.txt | $(VENV)/bin/python
	@echo "Installing the requirements (once; about 6 GB on Linux, see README for a CPU build) ..."
	$(BIN)/python -m pip install --quiet -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/app.stamp
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@
