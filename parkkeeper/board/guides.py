"""帮助: what each role does with the system, step by step, with pictures; words for people, not for engineers."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Post

Role = Post.Role


@dataclass(frozen=True)
class Picture:
    """A picture of a page, taken of the demo in each language (static/board/help/NAME.LANGUAGE.jpg)."""

    name: str
    words: str | Promise
    narrow: bool = False


@dataclass(frozen=True)
class Guide:
    """What one kind of user does, in the order in which a day goes."""

    name: str
    title: str | Promise
    roles: tuple[Role, ...]
    steps: tuple[str | Promise, ...]
    pictures: tuple[Picture, ...]


GUIDES = (
    Guide(
        "office", _("园区办公室"), (Role.OFFICE,),
        (
            _("第一次使用：在“导入”导入企业、人员名单和专员（XLSX 或 CSV，中文表头，列的顺序不限），在“设置”登记网格、"
              "道路和采样点。导入前先看预览，有问题的行会写明行号、列、内容和改法，其余照常写入。"),
            _("在“设置 · 应急状态”宣布应急状态，选择规则包；在“轮次 · 采样安排”定好频次、时间和混样人数。"),
            _("每天在“轮次”开启当日轮次：名单从此固定，采样率的分母不再变动。"),
            _("晚上看“今日”：应检、已采、未采和原因。点任何一个数字，就是它的名单；名单都能筛选、搜索、导出。"),
            _("“未采样人员”按网格、企业、原因分组：通知联络人、记下已在别处采样、说明原因后豁免，或安排重采。"),
            _("“异常”里是现场发生、需要人来判断的事：重复扫码、超员试管、有样本没有姓名……逐条处理，数据不会丢。"),
            _("阳性混管出结果后，系统当场为每个成员安排单采复核、下达隔离通知；在“阳性处置”跟到解除为止。"),
            _("夜间例会：议程由当天的记录生成；写下决定和措施（责任人、期限），结束后纪要可打印。"),
        ),
        (
            Picture("today", _("今日：应检、已采、未采，一目了然")),
            Picture("missing", _("未采样人员：谁、为什么、由谁处理")),
        ),
    ),
    Guide(
        "liaison", _("企业防疫专员（联络人）"), (Role.PREVENTION,),
        (
            _("登录后只看到本企业：今天谁应检、谁还没采、专员是否到岗。"),
            _("名单有变化（返岗、离岗、静默期）先在“人员”里改，或导出名册改好再导入；空白格不会覆盖已有内容。"),
            _("早上上报抗原自测：逐人填写，或上传表格。"),
            _("晚上盯住“未采样人员”：在别处采了的、身体不适的，写明情况；其余的人请他们到点采样。"),
            _("给没有手机的人打印采样卡，给有手机的人发个人链接，自己出示采样码。"),
            _("在“自查”里对照检查表自己看一遍：不开通知书，也不算检查；检查组来之前能看到您写的情况。"),
            _("收到整改通知书：在“问题”里自报整改情况并附照片；来不及的在到期前申请延期。自报不等于办结，检查组要回头看。"),
        ),
        (Picture("enterprise", _("本企业：今天的应检、专员和问题")),),
    ),
    Guide(
        "desk", _("采样点：扫码专员、采样专员"), (Role.SCANNING, Role.SAMPLING, Role.COURIER),
        (
            _("用办公室给的一次性登记码登记手机，设一个 PIN。之后没有网络、服务器停了也照常工作。"),
            _("先扫试管，再逐个扫人：采样码、工号、证件号、姓名搜索都可以，摄像头、扫码枪、拍照、手输随时可换。"),
            _("满员会停住；扫错了，封管前都能撤销；封管时点一下拭子数。"),
            _("“已存”是存在手机里，“已送”是园区收到，“已结”是园区记下：三种状态各有标记，右上角始终显示还有几条没送。"),
            _("装箱、交接：双方在屏幕上签名。转运员用自己的手机扫箱码交接。"),
            _("手机要坏了或没电：在“我的”把未送的内容导出成文件或一组二维码，换一台手机接着送。"),
        ),
        (Picture("scan", _("扫码：先试管，后人员"), narrow=True),),
    ),
    Guide(
        "inspector", _("九宫格检查组"), (Role.TEAM_LEADER, Role.TEAM_MEMBER, Role.CONCIERGE),
        (
            _("早上打开“今日检查”：按风险排好的名单，每一行写着为什么去；随机抽取的一份，种子公开，谁都可以重算。"),
            _("进门先扫企业码，出示检查依据：依据决定是建议还是责令。没有备案的授权，只能指导。"),
            _("逐项检查，离线照常：拍照、读数、抽查。当场整改的要有照片；其余写进通知书草稿，签名前能看到同一问题以前出现过几次。"),
            _("通知书有文号和时限。到期前企业自报，检查组回头看：只查不合格项，且不能是原来检查的人。"),
            _("同一问题屡次出现，逐级上升：通知书、第二次通知书和约谈、提请停工。停工必须写明范围和解除条件。"),
            _("晚上在“日清”核对本网格：名册、已采、静默、检查和通知书，对不上的自动列入明天的名单，组长签认。"),
            _("做得好的写成案例：照片遮住人脸，企业同意后发布，一键推送给有同样问题的企业。"),
        ),
        (Picture("work_list", _("今日检查：为什么去这一家")), Picture("notice", _("整改通知书：时限、送达、回头看")),
         Picture("inspect", _("检查手机：一次办完的事，没有网络也照常"), narrow=True)),
    ),
    Guide(
        "lab", _("检测机构"), (Role.LAB,),
        (
            _("收箱时逐管登记；破损、缺失的当场标记，系统会让这一管的人重采。"),
            _("结果三种方式上报：逐管填写、上传表格（列可以对应）、HL7 v2.5.1 报文。"),
            _("认不出的试管不会被拒收：先记下，等它的扫码到了自动对上。互相矛盾的结果都会保留，以较重的为准，由人裁定。"),
        ),
        (Picture("results", _("检测结果：还有几管没出")),),
    ),
    Guide(
        "leader", _("领导"), (Role.LEADER,),
        (
            _("手机上看“领导速览”：五个数字，下面是所有例外。"),
            _("“日报”里每个数字都写着定义、分子分母和截止时间，点开就是名单；任何一天的日报以后再看，数字不变。"),
            _("办公室的大屏显示网格、采样曲线、九宫格和到期的时钟，自动刷新。"),
            _("提请停工由您决定：看清范围、理由和解除条件；紧急停工须在规定时间内复核，否则自动失效。"),
        ),
        (Picture("brief", _("领导速览"), narrow=True), Picture("screen", _("大屏"))),
    ),
)  # fmt: skip


def guides_for(roles: Iterable[str]) -> list[Guide]:
    """All guides, those of somebody with these roles first; the order stays else."""
    own = set(roles)
    return sorted(GUIDES, key=lambda guide: not own.intersection(guide.roles))
