"""What the door answers instead of doing: a machine code for the app, a sentence for the person who holds the phone."""

from typing import Any

from django.utils.translation import gettext as _


class Problem(Exception):
    """A request that cannot be answered. `facts` go beside code and message; `retry_after` is in seconds."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message
        self.retry_after, self.facts = retry_after, facts

    def body(self) -> dict[str, Any]:
        """The answer's JSON: {"error": {"code", "message", …facts}}."""
        return {"error": {"code": self.code, "message": self.message, **self.facts}}


class Unreadable(Problem):
    """A body that cannot be understood as a batch: the door keeps it as it came, for a person."""


def database_away() -> Problem:
    """The database did not answer; nothing was acknowledged, so the phone sends the same again."""
    return Problem(
        503,
        "database_away",
        _("服务器暂时无法保存数据，本次内容尚未确认。手机会自动重新发送，请勿清除应用数据。"),
        retry_after=5,
    )


def bad_token() -> Problem:
    return Problem(401, "unknown_token", _("这台手机没有登记，或登记已失效。请向园区办公室索取新的登记码。"))


def too_often(seconds: int) -> Problem:
    """Too many failed attempts; the same again is allowed after `seconds`."""
    return Problem(
        429,
        "too_many_attempts",
        _("失败次数过多，请在 %(seconds)s 秒后再试。") % {"seconds": seconds},
        retry_after=seconds,
    )


def busy(seconds: int) -> Problem:
    """As many batches as this process does at once are being done; nothing of this one was looked at."""
    return Problem(429, "busy", _("服务器正忙，本次内容尚未确认。手机会自动重新发送。"), retry_after=seconds)


def revoked() -> Problem:
    return Problem(
        403,
        "phone_revoked",
        _(
            "这台手机的登记已被撤销：请先把未发送的内容发送完毕，随后应用会清除名单。如需继续使用，请向园区办公室索取新的登记码。"
        ),
        wipe=True,
    )


def no_post() -> Problem:
    return Problem(403, "no_post", _("登记人目前没有在这里工作的岗位，不能取得名单。请园区办公室核对其岗位与有效期。"))


def wrong_protocol(sent: str, oldest: int, newest: int) -> Problem:
    """426: the phone speaks a version that this server does not; says which ones it does, and who has to be updated."""
    newer = sent.isdigit() and int(sent) > newest
    return Problem(
        426,
        "protocol_unsupported",
        (
            _(
                "应用比服务器新（协议 %(sent)s，服务器支持 %(oldest)s–%(newest)s）。"
                "未发送的内容会保留，待服务器更新后自动发送。"
            )
            if newer
            else _(
                "应用版本与服务器不匹配（协议 %(sent)s，服务器支持 %(oldest)s–%(newest)s）。"
                "请联网打开应用完成更新；未发送的内容会保留。"
            )
        )
        % {"sent": sent, "oldest": oldest, "newest": newest},
        retry_after=3600 if newer else None,
        oldest=oldest,
        newest=newest,
        remedy="wait" if newer else "update",
    )


def wrong_media_type(told: str) -> Problem:
    return Problem(
        415, "wrong_media_type", _("文件类型 %(type)s 不被接受，请发送 PNG、JPEG 或 WebP 图片。") % {"type": told[:60]}
    )


def hash_mismatch() -> Problem:
    """422: the bytes are not those of the hash; nothing of them is kept."""
    return Problem(422, "hash_mismatch", _("收到的文件与其编号不符，可能在传输中损坏。请重新发送。"))


def disk_full(why: str) -> Problem:
    """507: the disk did not take it; what was there before still is."""
    text = _("文件没有保存：磁盘写入失败（%(why)s）。请腾出空间后再次上传；已有的数据没有改变。") % {"why": why}
    return Problem(507, "disk_full", text, retry_after=300)


def wrong_method(allowed: str) -> Problem:
    return Problem(405, "wrong_method", _("这个地址只接受 %(allowed)s 请求。") % {"allowed": allowed})
