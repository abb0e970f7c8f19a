#!/bin/sh
# Finds a Python that can build .venv and hands over to environment.py. Plain sh: nothing is installed yet.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
unset PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH

found=""
without_venv=""
for candidate in "$here/../../../.venv/bin/python" ${TTHC_PYTHON:-} python3.13 python3.12 python3.11 python3 python python3.14; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    if "$candidate" -I -c 'import venv, ensurepip' >/dev/null 2>&1; then
        found=$candidate
        break
    fi
    without_venv=$candidate
done

if [ -z "$found" ]; then
    if [ -n "$without_venv" ]; then
        echo "LỖI: $without_venv không có mô-đun venv. Trên Debian/Ubuntu: apt-get install python3-venv, rồi chạy lại." >&2
    else
        echo "LỖI: cần Python 3.11 trở lên mà máy này không có. Hãy cài Python, hoặc đặt TTHC_PYTHON là đường dẫn tới nó." >&2
    fi
    exit 1
fi
exec "$found" -I "$here/environment.py" "$@"
