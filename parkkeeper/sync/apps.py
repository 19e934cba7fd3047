from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    name = "parkkeeper.sync"
    label = "sync"

    def ready(self) -> None:
        from parkkeeper.park import facts
        from parkkeeper.park.retention.ways import add_way
        from parkkeeper.park.words import add_verbs
        from parkkeeper.sync.forgetting import PhoneTokens

        add_way("phone_token", PhoneTokens())
        facts.add(
            nouns={
                "enrolment": (_("登记码"), ""),
                "phone": (_("手机"), "phone"),
                "poisonoperation": (_("未能识别的操作"), "phone_kept"),
            },
            pages={"phone": "phone"},
        )
        add_verbs(
            {
                "enrolment.issued": _("生成登记码"),
                "phone.enrolled": _("登记手机"),
                "phone.revoked": _("撤销手机登记"),
                "operation.read": _("查看未能识别的操作"),
                "operation.retaken": _("重新处理未能识别的操作"),
            }
        )
