"""How long a roster takes from the upload to the register, for 20,000 and 200,000 rows, against a plain COPY.

A workbook of invented people in shuffled order goes through the same verbs as the office's page; the floor is COPY of
the very rows that the import made (people and presences, sealed already) into the same tables, with their indexes, of
another empty park. Afterwards the same file is brought once more: nothing may change.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django_pgschemas.schema import deactivate
from stdnum.cn import ric, uscc

from parkkeeper.demo.bench.reconcile import _drop
from parkkeeper.kernel.tables import Sheet, write_xlsx
from parkkeeper.park.actions.imports import apply_import, choose_columns, step_import, upload_import
from parkkeeper.park.models import Enterprise, Import, Person, Post
from parkkeeper.park.tenancy.parks import in_park, make_park

SIZES = (20_000, 200_000)
AT = datetime(2022, 5, 10, 1, 0, tzinfo=UTC)
HEADINGS = ["序号", "姓名", "身份证号码", "联系电话", "工号", "企业名称", "人员类别", "班次", "备注"]
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英喆祎赟"
_PEOPLE_AN_ENTERPRISE = 90


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench import`."""
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="rows of each roster")


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Import each roster into a park of its own. Times are seconds."""
    return {"bench": "imports", "rosters": [_measure(size) for size in sorted(chosen.sizes)]}


def _measure(size: int) -> dict[str, Any]:
    park, floor = f"benchimport{size}", f"benchcopy{size}"
    _say(f"writing a roster of {size:,} rows …")
    names = [f"企业{n:05d}有限公司" for n in range(max(1, size // _PEOPLE_AN_ENTERPRISE))]
    data = write_xlsx([Sheet("名册", HEADINGS, _rows(size, names))])
    for schema in (park, floor):
        _drop(schema)
        make_park(schema, name=f"测速园区 {schema}", at=AT)
    try:
        with in_park(park), timezone.override("Asia/Shanghai"):
            office = _fill(names)
            first = _import(data, office, AT)
            again = _import(data, office, AT + timedelta(hours=1))
            rows = _made()
        with in_park(floor):
            _fill(names)
            copied = _copy(*rows)
    finally:
        deactivate()
        for schema in (park, floor):
            _drop(schema)
    return {
        "rows": size,
        "workbook_mb": round(len(data) / 1e6, 1),
        "first": first,
        "again": again,
        "copy_s": copied,
        "apply_to_copy": round(first["apply_s"] / copied, 1),
    }


def _rows(size: int, names: list[str]) -> Iterator[list[Any]]:
    chance = random.Random(size)
    order = list(range(size))
    chance.shuffle(order)
    categories = ("生产", "办公", "物流", "门卫", "食堂")
    for n, k in enumerate(order, start=1):
        name = chance.choice(_FAMILY) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2))))
        yield [
            n, name, _document(k), f"199{k:08d}", f"{k // len(names):05d}", names[k % len(names)],
            chance.choice(categories), chance.choice(("早班", "中班", "夜班")), "",
        ]  # fmt: skip


def _document(k: int) -> str:
    born = date(1960, 1, 1) + timedelta(days=k // 900 * 7 % 15000)
    body = f"{310101 + k // 900 * 7 // 15000:06d}{born:%Y%m%d}{k % 900 + 100:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


def _fill(names: list[str]) -> Person:
    bodies = [f"91310000MA{n:07d}" for n in range(len(names))]
    firms = Enterprise.objects.bulk_create(
        Enterprise(credit_code=body + str(uscc.calc_check_digit(body + "0")), name=name, short_name=name[:7])
        for body, name in zip(bodies, names, strict=True)
    )
    office = Person.objects.create(name="办公室", employer=firms[0], registered_at=AT)
    Post.objects.create(person=office, role=Post.Role.OFFICE, during=(date(2022, 1, 1), None))
    return office


def _import(data: bytes, office: Person, at: datetime) -> dict[str, Any]:
    started, cpu = time.perf_counter(), time.process_time()
    batch = upload_import("roster", data, "名册.xlsx", by=office, at=at)
    read = time.perf_counter()
    batch = choose_columns(batch, batch.columns, by=office, at=at)
    batch = _steps(batch, office, at)
    checked = time.perf_counter()
    batch = _steps(apply_import(batch, by=office, at=at), office, at)
    applied = time.perf_counter()
    return {
        "read_s": round(read - started, 2),
        "preview_s": round(checked - read, 2),
        "apply_s": round(applied - checked, 2),
        "total_s": round(applied - started, 2),
        "own_cpu_s": round(time.process_time() - cpu, 2),
        "rows_a_second": round(batch.total / (applied - started)),
        "counts": {verdict: count for verdict, count in batch.counts.items() if count},
    }


def _steps(batch: Import, office: Person, at: datetime) -> Import:
    while batch.state in (Import.State.CHECKING, Import.State.APPLYING):
        batch = step_import(batch, by=office, at=at)
    return batch


_PERSON = (
    "id, uuid, name, pinyin, document_kind, document_sealed, document_index, document_tail, phone, staff_number,"
    " employer_id, category, shift, registered_at"
)
_PRESENCE = "person_id, state, during, reason, source"


def _made() -> tuple[list[Any], list[Any]]:
    with connection.cursor() as cursor:
        # the enterprises of the other park were made in the same order: only their ids' beginning may differ
        cursor.execute("SELECT min(id) FROM park_enterprise")
        begin = cursor.fetchone()[0]
        shifted = _PERSON.replace("employer_id", f"employer_id - {int(begin)}")
        cursor.execute(f"SELECT {shifted} FROM park_person WHERE document_index IS NOT NULL")
        people = cursor.fetchall()
        cursor.execute(f"SELECT {_PRESENCE} FROM park_presence")
        return people, cursor.fetchall()


def _copy(people: list[Any], presences: list[Any]) -> float:
    begin = Enterprise.objects.order_by("pk").values_list("pk", flat=True)[0]
    columns = [column.strip() for column in _PERSON.split(",")]
    place = columns.index("employer_id")
    rows = [(*row[:place], row[place] + begin, *row[place + 1 :]) for row in people]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM park_post")
        cursor.execute("DELETE FROM park_person")
        started = time.perf_counter()
        for table, names, lines in (("park_person", _PERSON, rows), ("park_presence", _PRESENCE, presences)):
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        return round(time.perf_counter() - started, 2)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
