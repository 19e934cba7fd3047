"""Verbs are plain functions with the same shape; writes and clocks have their places (STYLE.md)."""

import ast
import re
from pathlib import Path

import pytest

from tests.harness.source import CODE, action_files, called, functions, python_files, relative, tree, verbs

# Public functions of action files that do nothing: questions that other modules ask.
NOT_VERBS = {
    "codes.actions.link_index": "how a link's code is stored",
    "codes.actions.token_digest": "how a phone's token is stored",
    "sampling.actions.points.next_serial": "a question: where the next roll begins",
    "sync.actions.code_index": "how a code is stored; enrolment asks with it",
}
NOT_ONE_TRANSACTION = {
    "park.actions.accounts.log_in": "a wrong password is counted though the log-in is refused",
    "park.actions.accounts.confirm_password": "a wrong password is counted though the change is refused",
    "park.actions.retention.destroy_due": "a batch a transaction: what was destroyed stays so when it is cut off",
}
NOBODY_YET = {
    "codes.actions.open_own_link": "who it is shows only afterwards",
    "park.actions.accounts.log_in": "who it is shows only afterwards",
    "park.actions.accounts.confirm_password": "the account says who; it is the own password",
    "park.actions.retention.destroy_batch": "the worker's own, ordered by docs/retention.toml",
    "park.actions.retention.destroy_due": "the worker's own, ordered by docs/retention.toml",
}
NOBODY_YET["inspection.actions.deadlines.tell_deadlines"] = "the worker's own, ordered by the clock"
NOBODY_YET["inspection.actions.days.close_days"] = "the worker's own, ordered by the clock"
RECORDS_NOTHING = {
    "park.actions.accounts.confirm_password": "a question that counts wrong answers; the change after it is recorded",
}
ASKS_LATER = {
    "sampling.actions.gaps.tell_liaison": "rights are asked for each enterprise on the list, which is read first",
}
RIGHTS = {"require", "require_or_doubt"}  # the second: the phone's enrolment is the right, a missing post is a doubt

# Modules outside of models, actions, sync and demo that write; each is called by verbs inside their transaction.
WRITERS = {
    "inspection/following.py": "due times and closings that follow from facts, for whoever changed one",
    "inspection/steps.py": "steps of findings, for the verbs of phones and pages",
    "inspection/stopped.py": "that an enterprise stands still, written down into the register",
    "codes/opening.py": "counts wrong codes, so that guessing is slow",
    "codes/signing.py": "the park's key, made when the first code is signed",
    "park/files.py": "stores a file as it arrived; every verb that takes one calls it",
    "park/founding.py": "the first people of a new park, before anybody has a right",
    "park/imports/writing.py": "writes a step's rows for the verb step_import",
    "park/journal.py": "the journal itself",
    "park/numbering.py": "the next number of a paper, for the verb that makes the paper",
    "park/retention/emptying.py": "empties columns, for the verb destroy_batch",
    "park/retention/own.py": "keys, people, accounts, files and the journal, for the verb destroy_batch",
    "park/retention/standins.py": "puts stand-ins in people's place, for the verb destroy_batch",
    "park/retention/kept.py": "how every rule stands, derived again and again by the worker",
    "park/retention/ways.py": "deletes rows, for the verb destroy_batch",
    "park/tenancy/parks.py": "makes parks, outside of any park",
    "sampling/boxbook.py": "rows of boxes at their first mention, for the verbs of the field",
    "sampling/consequence_notes.py": "messages and journal lines of consequences",
    "sampling/consequences.py": "what follows from tubes, derived for whoever changed one",
    "sampling/doubts.py": "doubts, written for whoever finds one",
    "sampling/earlier.py": "keeps what rows said before a person's word changes them, for whoever changes it",
    "sampling/forgetting.py": "new keys for rows of stand-ins, for the verb destroy_batch",
    "sampling/owing.py": "closes and reopens single retests by facts, for consequences.py",
    "sampling/scandoubts.py": "which scans count, derived for the verbs of scans and undos",
    "sampling/sessionbook.py": "rows of sessions at their first mention, for the verbs of the field",
    "sampling/settling.py": "what each way of settling does, for the verb settle",
    "sampling/tally.py": "counts of large rounds, derived again and again by the worker",
    "sampling/tubebook.py": "rows of tubes at their first mention, for the verbs of the field",
    "sampling/tubemoves.py": "moves what was told under a wrong code, for the verb settle",
}
MANAGER_WRITES = {"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
ROW_WRITES = {"save", "delete"}
SQL_WRITE = re.compile(r"\b(INSERT\s+INTO|UPDATE\s+\w+\s+(\w+\s+)?SET|DELETE\s+FROM|TRUNCATE|MERGE\s+INTO)\b")
NOT_ROWS = re.compile(r"^(self\.client|session|request\.session|response|cache|Schema|default_storage)\b")

# The edges, where the clock is read; everything else is told the moment.
EDGES = ("/views/", "/management/", "park/middleware.py", "park/templatetags/", "config/", "demo/", "kernel/", "sync/")


ALL_VERBS = [pytest.param(name, function, path, id=name) for name, function, path in verbs() if name not in NOT_VERBS]


@pytest.mark.parametrize(("name", "function", "path"), ALL_VERBS)
def test_a_verb_is_one_transaction_told_by_whom_and_when(name: str, function: ast.FunctionDef, path: Path) -> None:
    keywords = {argument.arg for argument in function.args.kwonlyargs}
    atomic = any(ast.unparse(decorator) == "transaction.atomic" for decorator in function.decorator_list)
    assert "at" in keywords, f"{name} takes no keyword-only `at`"
    assert ("by" in keywords) != (name in NOBODY_YET), f"{name}: keyword-only `by`, or a reason in NOBODY_YET"
    assert atomic != (name in NOT_ONE_TRANSACTION), f"{name}: @transaction.atomic, or a reason in NOT_ONE_TRANSACTION"
    assert ast.get_docstring(function), f"{name} has no docstring"


@pytest.mark.parametrize(("name", "function", "path"), ALL_VERBS)
def test_a_verb_asks_for_the_right_first(name: str, function: ast.FunctionDef, path: Path) -> None:
    assert _asks_first(function) != (name in NOBODY_YET or name in ASKS_LATER), f"{name}: require(…) comes first"
    assert name in NOBODY_YET or RIGHTS & called(function), f"{name} asks for no right"


def _asks_first(function: ast.FunctionDef) -> bool:
    """Whether a right is asked for before anything but fetching (and locking) the row that it is asked for."""
    for statement in function.body[1:]:
        if RIGHTS & called(statement):
            return True
        fetches = not called(statement) or ("select_for_update" in called(statement) and not _writes(statement))
        if not (isinstance(statement, ast.Assign) and fetches):
            return False
    return False


@pytest.mark.parametrize(("name", "function", "path"), ALL_VERBS)
def test_a_verb_records_what_it_did(name: str, function: ast.FunctionDef, path: Path) -> None:
    assert _records(function, path, set()) != (name in RECORDS_NOTHING), f"{name}: record(…) what was done"


def _records(function: ast.FunctionDef, path: Path, seen: set[str]) -> bool:
    """Whether the function records, itself or through functions of its own module (or verbs that it passes on to)."""
    names = called(function)
    if "record" in names or names & {name.rsplit(".", 1)[1] for name, _function, where in verbs() if where != path}:
        return True
    local = [f for f in functions(path) if f.name in names and f.name not in seen]
    return any(_records(f, path, seen | {f.name}) for f in local)


def test_the_lists_of_exceptions_name_only_what_there_is() -> None:
    known = {name for name, _function, _path in verbs()}
    listed = [*NOT_VERBS, *NOT_ONE_TRANSACTION, *NOBODY_YET, *RECORDS_NOTHING, *ASKS_LATER]
    assert [name for name in listed if name not in known] == []
    assert [name for name in WRITERS if not _module_writes(CODE / name)] == []


def test_nothing_is_written_outside_of_models_verbs_and_the_named_modules() -> None:
    written = [relative(path) for path in python_files() if not _may_write(path) and _module_writes(path)]
    assert written == [], "put the write into a verb, or name the module in WRITERS with its reason"


def _may_write(path: Path) -> bool:
    inside = path.relative_to(CODE).as_posix()
    rooms = {"models", "models.py", "actions", "actions.py"} & set(path.relative_to(CODE).parts)
    return bool(rooms) or inside.startswith(("sync/", "demo/")) or inside in WRITERS


def _module_writes(path: Path) -> bool:
    return path.exists() and bool(_writes(tree(path)))


def _writes(node: ast.AST) -> list[str]:
    """Calls that write rows, and SQL that does."""
    found = []
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and SQL_WRITE.search(part.value):
            found.append(part.value)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and _writes_rows(part.func):
            found.append(ast.unparse(part.func))
    return found


def _writes_rows(function: ast.Attribute) -> bool:
    target = ast.unparse(function.value)
    if NOT_ROWS.search(target):
        return False
    if function.attr in MANAGER_WRITES | ROW_WRITES:
        return True
    return function.attr == "update" and bool(re.search(r"\bobjects\b|\bfilter\(|\bexclude\(", target))


def test_the_clock_is_read_only_at_the_edges() -> None:
    found = []
    for path in python_files():
        if any(edge in path.relative_to(CODE).as_posix() for edge in EDGES):
            continue
        reads = [n for n in ast.walk(tree(path)) if isinstance(n, ast.Call) and _reads_the_clock(n)]
        found += [f"{relative(path)}:{node.lineno} {ast.unparse(node)}" for node in reads]
    assert found == [], "the moment comes from outside, as `at`"


def _reads_the_clock(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if name in ("timezone.localdate", "timezone.localtime", "localdate", "localtime"):
        return not call.args and not call.keywords
    return name == "now" or name.endswith((".now", ".utcnow", ".today", "time.time"))


def test_no_database_default_reads_the_clock() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in python_files() if "models" in path.as_posix())
    assert not re.search(r"auto_now|default=(timezone|datetime)|Now\(\)", text)


def test_there_are_action_files() -> None:
    assert len(action_files()) > 20 and len(ALL_VERBS) > 60


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("require(by, 'x', at=at)", True),
        ("row = Row.objects.select_for_update().get(pk=1)\nrequire(by, 'x', at=at, on=row)", True),
        ("Row.objects.filter(pk=1).update(a=1)\nrequire(by, 'x', at=at)", False),
        ("row = Row.objects.create(a=1)\nrequire(by, 'x', at=at)", False),
        ("count = len(rows)", False),
    ],
)
def test_a_right_that_is_asked_too_late_is_noticed(body: str, first: bool) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    [function] = ast.parse(f'def verb(*, by, at):\n    """Do it."""\n{lines}').body
    assert isinstance(function, ast.FunctionDef) and _asks_first(function) is first


@pytest.mark.parametrize(
    ("code", "writes"),
    [
        ("Row.objects.create(a=1)", True),
        ("Row.objects.filter(a=1).update(a=2)", True),
        ("row.save(update_fields=['a'])", True),
        ("rows.delete()", True),
        ("cursor.execute('INSERT INTO park_rule VALUES (1)')", True),
        ("cursor.execute('WITH x AS (SELECT 1) UPDATE park_anomaly a SET b = 1')", True),
        ("facts.update(a=2)", False),
        ("cursor.execute('SELECT 1')", False),
        ("request.session.save()", False),
    ],
)
def test_a_write_is_known_from_a_reading(code: str, writes: bool) -> None:
    assert bool(_writes(ast.parse(code))) is writes


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("clock.now()", True), ("timezone.now()", True), ("datetime.now(UTC)", True), ("date.today()", True),
        ("timezone.localdate()", True), ("timezone.localdate(at)", False), ("at.date()", False),
    ],
)  # fmt: skip
def test_a_look_at_the_clock_is_known(code: str, reads: bool) -> None:
    [call] = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    assert _reads_the_clock(call) is reads
