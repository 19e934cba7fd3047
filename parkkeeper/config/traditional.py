"""A simplified text as people in Hong Kong and Taiwan would write it: OpenCC's characters, then what it leaves.

The words are those that both read without stumbling; docs/glossary.md lists the ones of the field.
"""

import re
from functools import cache
from typing import Any

SLIPS = {
    "單隻能": "單只能",
    "采用": "採用",
    "采樣": "採樣",
    "被髮": "被發",
    "格里": "格裏",
    "銷燬": "銷毀",
    "准併": "准並",
    "往復查": "往複查",
    "復算": "複算",
    "如系": "如係",
    "籤認": "簽認",
    "拒籤": "拒簽",
    "籤交接": "簽交接",
    "待發布": "待發佈",
    # variants of Hong Kong's fonts that Taiwan does not write, though Hong Kong reads the other
    "啓": "啟",
    "説": "說",
    "閲": "閱",
    "衞": "衛",
    "温": "溫",
    "“": "「",
    "”": "」",
}
"""Where OpenCC's words end at the wrong character, and the quotation marks that it leaves."""
WORDS = {
    r"電子表格(軟件)?": "試算表軟件",
    r"單元格": "儲存格",
    r"工作簿": "活頁簿",
    # a file; 文件 alone is a document of an authority
    r"原(始)?文件": "原檔案",
    r"(上傳|下載|導入|選擇|選對了|打開|導出|銷毀|收到的)文件": r"\1檔案",
    r"(換一個|幾個|一個|這個|表格|報文)文件": r"\1檔案",
    r"(HL7 報文|GeoJSON) 文件": r"\1 檔案",
    r"文件(?=「|中|裏|太大|沒有保存|目前|類型|註明|內容|是否完整|已損壞|設有|—信息|和工作表|與其編號)": "檔案",
    r"從文件導入": "從檔案導入",
    r"存為文件": "存為檔案",
    r"文件不完整": "檔案不完整",
    r"存儲": "儲存",
    r"屏幕": "螢幕",
    r"導入": "匯入",
    r"導出": "匯出",
    r"登錄名": "登入名稱",
    r"退出登錄": "登出",
    r"自動退出": "自動登出",
    r"^退出$": "登出",
    r"登錄": "登入",
    r"賬": "帳",
    r"服務器": "伺服器",
    r"打印": "列印",
    r"鏈接": "連結",
    r"粘貼": "貼上",
    r"刷新": "重新整理",
    r"菜單": "選單",
    r"磁盤": "磁碟",
    r"字節": "位元組",
    r"字段": "欄位",
    r"快捷鍵": "快速鍵",
    r"程序": "程式",
    r"(更新|打開|清除)應用": r"\1應用程式",
    r"隨後應用會": "隨後應用程式會",
    r"應用(版本|數據)": r"應用程式\1",
    r"程式程式": "程式",
    r"個人信息": "個人資料",
    r"信息": "資訊",
    r"保存(?!期)": "儲存",
    r"設置": "設定",
    r"重置": "重設",
    r"搜索": "搜尋",
    r"模板": "範本",
    r"滾動": "捲動",
    r"演示": "示範",
    r"消殺": "消毒",
    r"支持": "支援",
    r"批量": "整批",
    r"字符": "字元",
    r"下劃線": "底線",
    r"(「|為)文本": r"\1文字",
    r"(手機|證件)號(?!碼)": r"\1號碼",
    r"外泄": "外洩",
    r"短駁接送": "接駁車接送",
    r"短駁": "接駁",
    # a column; 列 is also to list
    r"列(?=對應|，再|的順序|）|名|，例如|留空|，還不能|，先|中沒有|已逐行|是什麼|設為|寫明|不會|，改正)": "欄",
    r"(?<=[哪各一兩這])列": "欄",
    r"列（無表頭）": "欄（無表頭）",
    r"^列$": "欄",
    r"(?<!之)列(?=。)": "欄",
    r"(業|待核對|匯入|中的)列(?!出|為|表|入|印)": r"\1欄",
    r"包含的列": "包含的欄",
    r"改名列|改名欄": "更改欄名",
    r"必需的列": "必需的欄",
    r"」列": "」欄",
    r"必填的列": "必填的欄",
}
"""Words that Hong Kong or Taiwan do not use: a pattern over the converted text, and what takes its place."""


def traditional(text: str) -> str:
    """A simplified text in traditional characters, with the words and quotation marks of their readers."""
    drafted = str(_converter().convert(text))
    for slip, right in SLIPS.items():
        drafted = drafted.replace(slip, right)
    for pattern, word in WORDS.items():
        drafted = re.sub(pattern, word, drafted)
    return drafted


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("s2hk")
