"""Names of people in free text: behind a word that says whose name follows (联系人, 户主), or before 先生 and 女士.

No dictionary knows every name. Where a surname is also a common word (高度, 马上, 安全), a name is seen only in the
clearer places; behind a colon nearly everything short is taken for one.
"""

import re

_HAN = r"\u4e00-\u9fff"
# The hundred and fifty commonest, and those of two characters.
_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|独孤|南宫|长孙"
_SURNAMES = (
    "王李张刘陈杨赵吴周徐孙朱胡郭何林罗郑梁宋唐许韩邓冯曹彭肖蔡潘袁董余苏叶吕魏蒋田杜丁沈姜傅卢汪戴崔陆廖姚邹谭韦贾邱郝邵秦孟龚侯顾"
    "薛尹阎闫钟贺赖樊殷陶翟庞倪俞鲁葛柯毕聂焦骆欧祝耿卓柴蒙阮辛尤詹岳凌靳瞿涂鲍裴霍翁覃甄滕娄戚冼缪匡冉芦闵虞宫奚娜冀桑麦劳邬邝褚"
)
# Also beginnings of common words.
_WORDLIKE = (
    "高马黄谢程于曾萧任金石熊孔白康毛史龙万段雷汤黎常武乔文严方洪牛温庄安邢章颜施季涂关"
    "申易向华路游齐包古成池管单时应明左谷江喻柳梅童郎窦米车伍项解宁花水"
)
_TITLES = "先生|女士|小姐|同志|师傅|阿姨|大爷|大妈|大叔|大姐|大哥|老师|老板|医生|警官"
_NOT_GIVEN = rf"(?!{_TITLES}|某|家|氏)"
# Words that only stand before a name, and words that stand before much else too.
_SURE = (
    "联系人|姓名|报案人|报警人|举报人|投诉人|反映人|反应人|来电人|来访人|求助人|申请人|诉求人|上报人|当事人|户主|死者|伤者|患者|嫌疑人|受害人|被害人"
    "|监护人|法定代表人|法人代表|负责人|经办人|我叫|名叫|叫做|自称|本人是|曾用名"
)
_LOOSE = (
    "业主|车主|房东|租客|租户|住户|店主|居民|村民|市民|群众|老人|男子|女子|男孩|女孩|网格员|家属|儿子|女儿|丈夫|妻子"
)
# What follows a name: so «王磊反映» ends behind 磊.
_FOLLOWS = (
    "反映|反应|称|说|表示|电话|手机|联系|来电|致电|报警|报案|投诉|举报|要求|希望|认为|发现|诉|求助|住|家|的|在|于|到|因|与|和|及|等|已|被|把|将|从|向|对|未|不"
    "|拒|年龄|男|女|现|今|昨|身份证|先生|女士|同志"
)
_END = rf"(?=[^{_HAN}]|\Z|{_FOLLOWS})"
_GIVEN = rf"{_NOT_GIVEN}[{_HAN}]{{1,2}}?{_END}"
_SAYS = r"(?:为|是|叫|\s|[(（【\[“\"])?"
_COLON = r"\s?[：:]\s?"
_NOBODY = r"(?!不详|未知|暂无|没有|匿名|保密|同上|本人|不愿|无名|拒绝|不便|未留|未提供|详见)"

_AFTER_COLON = re.compile(
    rf"((?:{_SURE}|{_LOOSE}){_COLON}){_NOBODY}"
    rf"([{_HAN}]{{1,6}}·[{_HAN}·]{{1,12}}"
    rf"|(?:{_COMPOUND}|[{_SURNAMES}{_WORDLIKE}]){_GIVEN}|[{_HAN}]{_NOT_GIVEN}[{_HAN}]{{1,3}}(?![{_HAN}])"
    rf"|(?:{_COMPOUND}|[{_SURNAMES}]){_NOT_GIVEN}[{_HAN}]{{2}}"
    rf"|[A-Z][a-z]+(?:\s[A-Z][a-z]+){{0,3}})"
)
_AFTER_SURE = re.compile(
    rf"((?:{_SURE}){_SAYS})((?:{_COMPOUND}|[{_SURNAMES}{_WORDLIKE}]){_GIVEN}"
    rf"|(?:{_COMPOUND}|[{_SURNAMES}]){_NOT_GIVEN}[{_HAN}]{{2}})"
)
_AFTER_LOOSE = re.compile(
    rf"((?:{_LOOSE})(?!会){_SAYS})((?:{_COMPOUND}|[{_SURNAMES}]){_GIVEN}"
    rf"|[{_WORDLIKE}](?!上|度|全|面|便|装)[{_HAN}]{{2}}(?=反映|反应|称|说|表示|来电|致电|报警|报案|投诉|举报|[（(]))"
)
_BEFORE_TITLE = re.compile(
    rf"((?:{_COMPOUND})[{_HAN}]{{1,2}}|[{_SURNAMES}][{_HAN}]{{1,2}}|[{_WORDLIKE}](?![{_HAN}][{_SURNAMES}])[{_HAN}]{{1,2}})"
    rf"(?<!某)(?={_TITLES})(?!(?:同志|老师|老板|师傅)们)"
)

_SURE_HINT, _LOOSE_HINT, _TITLE_HINT = re.compile(_SURE), re.compile(_LOOSE), re.compile(_TITLES)


def mask_names(text: str) -> str:
    """Names with their first character left: 联系人：王小明 → 联系人：王**, 张三女士 → 张*女士."""
    is_sure, is_loose = _SURE_HINT.search(text) is not None, _LOOSE_HINT.search(text) is not None
    if is_sure or is_loose:
        text = _AFTER_COLON.sub(_mask, text)
    if is_sure:
        text = _AFTER_SURE.sub(_mask, text)
    if is_loose:
        text = _AFTER_LOOSE.sub(_mask, text)
    if _TITLE_HINT.search(text) is not None:
        text = _BEFORE_TITLE.sub(lambda m: mask_name(m[1]), text)
    return text


def mask_name(name: str) -> str:
    """A person's name with only its first character left: 王磊 → 王*."""
    return name[:1] + "*" * min(len(name) - 1, 2) if name else ""


def _mask(found: re.Match[str]) -> str:
    return found[1] + mask_name(found[2])
