"""Invented names of people, enterprises and roads, put together from parts."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

# Surnames with their rough frequency per mille in the country.
SURNAMES = (
    "王72李71张68刘54陈45杨31黄23赵21吴20周20徐17孙15马14朱13胡13郭12何12林12高11罗11郑9梁9谢8宋8唐7许7韩6冯6邓6曹6彭6"
    "曾6肖6田6董6袁5潘5于5蒋5蔡5余5杜5叶5程5苏5魏5吕4丁4任4沈4姚4卢4姜4崔4钟4谭4陆4汪4范4金4石3廖3贾3夏3韦3付3方3白3"
    "邹3孟3熊3秦3邱3江3尹3薛3闫3段3雷2侯2龙2史2陶2黎2贺2顾2毛2郝2龚2邵2万2钱2严2覃2武2戴2莫2孔2向2汤2欧1柳1岳1俞1"
    "欧阳1司徒1诸葛1上官1"
)
MALE = (
    "伟强磊军勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆晨阳旭峰龙翔成林志建国文博海东亮永庆玉春泽铭昊睿轩恒彬毅松柏川岩"
)
FEMALE = "芳娜敏静丽艳娟霞燕玲桂英秀兰红梅雪莉婷慧洁倩颖琳萍丹玉晶欣悦佳怡蕾璐薇瑶琪梦晓春华云文月凤菊彩素妍涵雨思诗佩"
RARE = ("喆", "祎", "赟", "䶮", "昇", "犇", "翀", "堃", "玥", "珺", "祐", "骉", "濬", "垚", "嫄", "旼")
# Common whole names: several people each, with different documents.
NAMESAKES = ("张伟", "王芳", "李娜", "王伟", "李静", "刘洋", "张敏", "王磊")
FOREIGN = (
    "HAYAMI KENTO", "MORISAKI YUI", "OKUDERA REN", "SEO JUNHWAN", "BAEK SORIN", "LINDQVIST OSKAR", "BRANDNER FELIX",
    "KESSELMANN ANKE", "DUVERNOY CLAIRE", "MARCHETTI LUCA", "HOLLOWAY GRACE", "TANWAR ROHIT", "NGUYEN BAO LINH",
    "RAHARJO DEWI",
)  # fmt: skip

# First and second sign of an enterprise's invented trade name, with pinyin.
TRADE_FIRST = (
    "澜lan 桓huan 穹qiong 砚yan 芷zhi 翊yi 岚lan 屿yu 霁ji 朔shuo 珩heng 汀ting 筱xiao 煦xu 昱yu 榕rong 沅yuan 柘zhe "
    "琤cheng 骁xiao 皓hao 澍shu 旌jing 羲xi"
)
TRADE_SECOND = "桥qiao 禾he 舟zhou 衡heng 垣yuan 曜yao 枢shu 渡du 原yuan 壑he 拓tuo 芒mang 歌ge 津jin 榆yu 丘qiu"

LOCAL_ROADS = (
    "青芦路", "白榆路", "松烟路", "鹭汀路", "麦秋路", "霜叶路", "竹笛路", "桐荫路", "萤石路",
    "石榴路", "荻花路", "云帆路", "杏坛路", "苇岸路", "砚池路", "蓼风路", "星槎路", "菱歌路",
)  # fmt: skip
WEST_EAST_ROADS = ("白鹭大道", "金穗大道", "晴川大道", "芦汀大道")
SOUTH_NORTH_ROADS = ("望禾路", "云桥路", "青檐路", "长堤路")
GRID_NAMES = ("西北片", "北片", "东北片", "西片", "中心片", "东片", "西南片", "南片", "东南片")


class Industry(NamedTuple):
    """A branch: how it is called in full and short names, and how many of 100 enterprises belong to it."""

    name: str
    trade: str
    short: str
    english: str
    share: int


INDUSTRIES = (
    Industry("生物医药", "生物医药", "生物", "Biopharma", 16),
    Industry("体外诊断", "诊断技术", "诊断", "Diagnostics", 5),
    Industry("医疗器械", "医疗器械", "医疗", "Medical Devices", 8),
    Industry("集成电路", "微电子", "微电子", "Microelectronics", 12),
    Industry("汽车零部件", "汽车零部件", "汽配", "Auto Parts", 14),
    Industry("精密机械", "精密机械", "精机", "Precision Machinery", 12),
    Industry("新材料", "新材料", "材料", "New Materials", 9),
    Industry("食品", "食品", "食品", "Foods", 8),
    Industry("物流", "供应链", "物流", "Logistics", 10),
    Industry("包装印刷", "包装", "包装", "Packaging", 6),
)
DIAGNOSTICS = INDUSTRIES[1]
CONSTRUCTION = Industry("建筑施工", "建设工程", "建工", "Construction", 0)


class TradeName(NamedTuple):
    """An enterprise's invented trade name in Chinese, pinyin and initials."""

    chinese: str
    pinyin: str
    initials: str


def trade_names(rng: Random) -> list[TradeName]:
    """Every trade name that the parts give, shuffled; no two alike, also not in pinyin."""
    found: dict[str, TradeName] = {}
    for first in TRADE_FIRST.split():
        for second in TRADE_SECOND.split():
            pinyin = (first[1:] + second[1:]).capitalize()
            found.setdefault(pinyin, TradeName(first[0] + second[0], pinyin, (first[1] + second[1]).upper()))
    names = list(found.values())
    rng.shuffle(names)
    return names


class PeopleNames:
    """Draws Chinese names: surnames as frequent as they are, one or two signs of a given name."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.surnames, self.frequencies = _surnames()

    def draw(self, male: bool) -> str:
        """An ordinary name."""
        surname = self.rng.choices(self.surnames, cum_weights=self.frequencies)[0]
        signs = MALE if male else FEMALE
        # The square pulls towards the front of the list, where the commonest signs stand.
        given = signs[int(self.rng.random() ** 2 * len(signs))]
        if self.rng.random() < 0.72:
            given += signs[int(self.rng.random() * len(signs))]
        return surname + given

    def rare(self, number: int) -> str:
        """A name with one of the rare signs, each in turn."""
        surname = self.rng.choices(self.surnames, cum_weights=self.frequencies)[0]
        return surname + RARE[number % len(RARE)]


def _surnames() -> tuple[list[str], list[int]]:
    names: list[str] = []
    sums: list[int] = []
    name, digits = "", ""
    for sign in SURNAMES + "\0":
        if sign.isdigit():
            digits += sign
            continue
        if digits:
            names.append(name)
            sums.append((sums[-1] if sums else 0) + int(digits))
            name, digits = "", ""
        name += sign
    return names, sums
