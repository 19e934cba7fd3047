from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CodesConfig(AppConfig):
    name = "parkkeeper.codes"
    label = "codes"

    def ready(self) -> None:
        from parkkeeper.park import facts
        from parkkeeper.park.words import add_verbs

        facts.add(nouns={"codekey": (_("个人码密钥"), ""), "ownlink": (_("个人链接"), "")})
        add_verbs(
            {
                "codes.rotated": _("更换个人码密钥"),
                "cards.printed": _("打印采样卡"),
                "own_link.issued": _("生成个人链接"),
                "own_links.printed": _("打印个人链接"),
                "own_link.opened": _("打开个人链接"),
                "own_link.revoked": _("撤销个人链接"),
            }
        )
