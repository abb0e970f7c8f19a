"""``make lint``: ruff, every SQL file read by a parser, every declaration loaded by the code that uses it, and
the compose file by its schema."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tthc import settings
from tthc.errors import TthcError

#: Lines beyond this are two things in one file.
LONGEST_MODULE = 400


def main() -> int:
    """Return 0 when nothing was found; print every problem with its file."""
    root = settings.root()
    problems = [*ruff(root), *sql(root), *declarations(root), *compose(root), *shape(root)]
    for problem in problems:
        print(problem)
    counted = f"{len(list(sql_files(root)))} tệp SQL, {len(list(declaration_files(root)))} khai báo"
    print(f"Lint: {len(problems)} vấn đề ({counted}).")
    return 1 if problems else 0


def ruff(root: Path) -> Iterator[str]:
    """Yield what ruff finds, in code and in layout."""
    program = str(Path(sys.executable).parent / "ruff")
    for arguments in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [program, *arguments, "--output-format", "concise", str(root)],
            capture_output=True,
            text=True,
            cwd=root,
        )
        if done.returncode != 0:
            yield f"{done.stdout}{done.stderr}".strip()


def sql(root: Path) -> Iterator[str]:
    """Yield SQL files that are not Postgres as sqlglot reads it; having found none is a problem too."""
    import sqlglot

    # The body of a function is a text to it, which it says on every one.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    files = list(sql_files(root))
    if not files:
        yield "sql/: không có tệp nào"
    for path in files:
        try:
            # Postgres lets a table be called `values` where its schema is named; the parser does not.
            text = path.read_text(encoding="utf-8").replace(".values", '."values"')
            statements = sqlglot.parse(text, read="postgres")
        except sqlglot.errors.SqlglotError as error:
            yield f"{path.relative_to(root)}: {error}"
            continue
        if not any(statements):
            yield f"{path.relative_to(root)}: không có câu lệnh nào"


def declarations(root: Path) -> Iterator[str]:
    """Yield declarations that are not JSON or YAML, or that the code which uses them refuses."""
    import yaml

    files = list(declaration_files(root))
    if not files:
        yield "sources/, expectations/, indicators/: không có khai báo nào"
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
            loaded = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        except (ValueError, yaml.YAMLError) as error:
            yield f"{path.relative_to(root)}: {error}"
            continue
        if not loaded:
            yield f"{path.relative_to(root)}: trống"
    yield from _loaded()


def _loaded() -> Iterator[str]:
    from tthc.evaluation import rule_files
    from tthc.indicators import definitions
    from tthc.reports import letterhead, papers
    from tthc.safekeeping import retention
    from tthc.sources import native_words, streams
    from tthc.warehouse import office_hours, seeds

    declarations = (
        streams.streams,
        native_words.declarations,
        definitions.indicators,
        rule_files.rulesets,
        seeds.check,
        office_hours.declared,
        retention.declared,
        papers.papers,
        letterhead.declared,
    )
    for load in declarations:
        try:
            load()
        except TthcError as error:
            yield str(error)


def compose(root: Path) -> Iterator[str]:
    """Yield what the schema of compose files, kept in the checker itself, says of ours."""
    program = str(Path(sys.executable).parent / "check-jsonschema")
    command = [program, "--builtin-schema", "vendor.compose-spec", str(root / "docker-compose.yml")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        yield f"docker-compose.yml: {done.stdout}{done.stderr}".strip()


def shape(root: Path) -> Iterator[str]:
    """Yield modules that have grown too long."""
    for folder in ("plugins", "dags", "demo", "tests", "containers"):
        for path in sorted((root / folder).rglob("*.py")):
            length = len(path.read_text(encoding="utf-8").splitlines())
            if length > LONGEST_MODULE:
                yield f"{path.relative_to(root)}: {length} dòng, quá {LONGEST_MODULE}"


def sql_files(root: Path) -> Iterator[Path]:
    """Yield every SQL file."""
    yield from sorted((root / "sql").rglob("*.sql"))


def declaration_files(root: Path) -> Iterator[Path]:
    """Yield every declaration that data staff read and change."""
    for folder in ("sources", "expectations", "indicators", "rulesets", "papers"):
        for pattern in ("*.yaml", "*.json"):
            yield from sorted((root / folder).rglob(pattern))


if __name__ == "__main__":
    sys.exit(main())
