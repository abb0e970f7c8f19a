# Các lệnh của kho. `make` hoặc `make help` liệt kê; phần việc thật nằm trong plugins/tthc/stack.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run stop reset status test test-long lint bench lock secrets up compose-check compose-try upgrade-try soak kills

# Không ghi bytecode thì mỗi tiến trình khởi động chậm 2,5 lần.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV
PYTHON := .venv/bin/python
STACK := $(PYTHON) -m tthc.stack
COMPOSE ?= docker compose

help: ## Liệt kê các lệnh
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Tạo .venv với đúng các gói đã khóa và lệnh .venv/bin/tthc
	@plugins/tthc/stack/setup.sh

run: setup ## Dựng Postgres, Airflow, thành phố giả lập và chạy tới bảng chỉ tiêu
	@$(STACK) run $(ARGS)

stop: ## Dừng tất cả, không để lại tiến trình nào
	@if [ -x $(PYTHON) ]; then $(STACK) stop; else echo "Chưa có gì để dừng."; fi

reset: ## Dừng và xóa mọi dữ liệu (hỏi trước; YES=1 thì không hỏi)
	@if [ -x $(PYTHON) ]; then $(STACK) reset $(if $(YES),--yes); else echo "Chưa có gì để xóa."; fi

status: ## Cái gì đang chạy, ở địa chỉ nào
	@if [ -x $(PYTHON) ]; then $(STACK) status; else echo "Chưa dựng gì: chạy make run."; fi

test: setup ## Chạy mọi phép thử (dưới 20 phút)
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not long" $(ARGS)

test-long: setup ## Các phép thử dài: giết giữa chừng, lỗi đường truyền, nhiều số gieo
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m long $(ARGS)

lint: setup ## ruff, đọc thử mọi SQL và mọi khai báo
	@$(PYTHON) -m tthc.stack.lint

secrets: setup ## Viết cài đặt và bí mật cho docker-compose.yml, mỗi thứ một lần (đổi khóa: tthc key rotate)
	@$(PYTHON) -m tthc.compose.secret_files $(ARGS)

up: setup ## Khám cài đặt và bí mật rồi khởi động bằng compose
	@.venv/bin/tthc doctor --before-start
	@$(COMPOSE) --env-file var/compose/compose.env up -d --build $(ARGS)

compose-check: setup ## Kiểm tra docker-compose.yml theo lược đồ của compose
	@.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

compose-try: setup ## Dựng ảnh, chạy hình thức city bằng podman, giết một máy xử lý, so với make run (cần root)
	@$(PYTHON) -m containers.trial $(ARGS)

bench: setup ## Đo tốc độ với 1.000.000 hồ sơ
	@$(PYTHON) -m bench $(ARGS)

upgrade-try: setup ## Nâng cấp một kho của bản trước khi có người đọc và một bước nạp, rồi sao lưu, khôi phục (ARGS="--dossiers 300000")
	@$(PYTHON) -m bench.upgrade $(ARGS)

soak: setup ## Ba mươi ngày giả lập của mọi lịch chạy: có gì treo, có gì phình ra
	@$(PYTHON) -m bench.soak $(ARGS)

kills: setup ## Đọc cả một thành phố trong lúc máy xử lý bị giết và Postgres bị dừng
	@$(PYTHON) -m bench.kills $(ARGS)

lock: ## Tính lại requirements.lock từ requirements.in
	@plugins/tthc/stack/setup.sh lock
