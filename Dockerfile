# Một ảnh cho mọi thành phần. Ảnh nền nào có Python 3.11 trở lên (kèm venv) cũng được, kể cả ảnh nội bộ.
ARG BASE_IMAGE=docker.io/library/python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS packages
WORKDIR /opt/tthc
COPY pyproject.toml requirements.lock ./
COPY plugins/tthc/__init__.py plugins/tthc/
COPY plugins/tthc/stack/setup.sh plugins/tthc/stack/environment.py plugins/tthc/stack/
# Mọi gói đều có bản dựng sẵn: không cần trình biên dịch. Nơi lấy gói, nếu không phải mặc định, đưa vào bằng bí mật.
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf plugins/tthc/stack/setup.sh

FROM ${BASE_IMAGE}
RUN if command -v cc gcc c++ clang; then echo "ảnh nền có trình biên dịch; dùng bản slim" >&2; exit 1; fi
COPY --from=packages /opt/tthc/.venv /opt/tthc/.venv
COPY . /opt/tthc
# Mã thuộc root và chỉ đọc được; chỉ những thư mục này ghi được, bởi bất kỳ ai thuộc nhóm 0.
RUN install -d -m 2775 -g 0 /var/lib/tthc /var/lib/tthc/logs /var/lib/tthc/archive /var/lib/tthc/inbox /var/lib/tthc/backup
ENV PATH=/opt/tthc/.venv/bin:$PATH \
    TTHC_ROOT=/opt/tthc \
    TTHC_STATE=/var/lib/tthc \
    TTHC_INBOX=/var/lib/tthc/inbox \
    TTHC_ENV_FILE=/dev/null \
    TTHC_IN_CONTAINER=yes \
    TZ=Asia/Ho_Chi_Minh \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/tthc
USER 10001:0
ENTRYPOINT ["/opt/tthc/.venv/bin/python", "-m", "tthc.compose.container"]
