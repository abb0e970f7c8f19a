"""What docker-compose.yml must keep to, whatever is added to it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tthc import settings
from tthc.compose import container, secret_files

DATABASES = {"metadata-db", "warehouse-db", "broker", "archive"}
ONCE = {"guard", "init", "story"}


@pytest.fixture(scope="module")
def declared() -> dict:
    return yaml.safe_load((settings.root() / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services(declared: dict) -> dict:
    assert len(declared["services"]) >= 13
    return declared["services"]


def test_the_schema_of_compose_files_accepts_it_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    check = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    file = settings.root() / "docker-compose.yml"
    assert subprocess.run([*check, str(file)], capture_output=True).returncode == 0
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(file.read_text(encoding="utf-8").replace("mem_limit:", "memlimit:"))
    assert subprocess.run([*check, str(wrong)], capture_output=True).returncode != 0


def test_every_service_has_limits_a_restart_rule_rotated_logs_and_no_new_rights(services: dict) -> None:
    for name, service in services.items():
        assert service["mem_limit"] and service["cpus"] and service["pids_limit"], name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["restart"] == ("no" if name in ONCE else "unless-stopped"), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["profiles"], name
        assert "privileged" not in service and "cap_add" not in service, name


def test_ours_run_as_nobody_in_particular_on_code_they_cannot_write(services: dict) -> None:
    ours = {name: service for name, service in services.items() if "build" in service}
    assert ours.keys() == services.keys() - DATABASES - {"proxy"}
    for name, service in {**ours, "proxy": services["proxy"]}.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["user"].startswith("${TTHC_UID"), name
    assert {
        name for name in ours if ours[name]["command"][0] in container.AIRFLOW
    } == container.AIRFLOW.keys()


def test_databases_are_reached_from_within_only(services: dict, declared: dict) -> None:
    assert declared["networks"]["back"] == {"internal": True}
    for name in DATABASES:
        assert services[name]["networks"] == ["back"], name
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    # Whoever stands in front sees the pages and nothing behind them.
    assert services["proxy"]["networks"] == ["front"]
    assert {name for name, service in services.items() if "front" in service.get("networks", [])} == {
        "proxy",
        "api-server",
    }


def test_everything_waits_for_the_guard_and_says_when_it_is_well(services: dict) -> None:
    def before(name: str) -> set[str]:
        found = set(services[name].get("depends_on", {}))
        return found | {deeper for each in found for deeper in before(each)}

    for name in services.keys() - {"guard", "story"}:
        assert "guard" in before(name), name
    for name in services.keys() - ONCE - {"proxy"}:
        assert services[name]["healthcheck"]["test"], name
    waits = {
        name: {each["condition"] for each in service.get("depends_on", {}).values()}
        for name, service in services.items()
    }
    assert all(asked <= {"service_healthy", "service_completed_successfully"} for asked in waits.values())


def test_the_guard_sees_every_secret_and_the_others_only_theirs(services: dict, declared: dict) -> None:
    every = {*secret_files.made(), *secret_files.GIVEN, *secret_files.OPTIONAL}
    assert declared["secrets"].keys() == every == set(services["guard"]["secrets"])
    data = {"secret_key", "warehouse_password", "city_client_secret", "backup_key"}
    for name in ("api-server", "dag-processor", "triggerer", "proxy", "broker", "archive"):
        assert not data & set(services[name]["secrets"]), name


def test_no_secret_and_no_default_password_is_written_in_it(services: dict) -> None:
    for name, service in services.items():
        for variable in service.get("environment", {}):
            assert not variable.endswith(("_PASSWORD", "_SECRET", "_KEY")), (name, variable)
    text = (settings.root() / "docker-compose.yml").read_text(encoding="utf-8")
    defaults = [part.split("}")[0] for part in text.split(":-")[1:]]
    assert defaults and not [value for value in defaults if "pass" in value or "secret" in value]
