"""Invented names in Chinese and in English: streets, communities, roads, people. Nobody and no place is meant."""

from services.operations.simulator.dice import Dice

DISTRICT = ("澜城区", "Lancheng District")
# Who can log in at the demo (services.operations.demo_accounts), and therefore stands on its roster.
DAY_OFFICER, NIGHT_OFFICER, DUTY_LEADER = ("周敏", "Zhou Min"), ("何静", "He Jing"), ("宋涛", "Song Tao")
STREET_OFFICERS = (("马骏", "Ma Jun"), ("林芳", "Lin Fang"))  # of the first street
UNIT = "D002"  # the enforcement brigade: it leads, works beside others and is called by whistles
UNIT_OFFICERS = (("高翔", "Gao Xiang"), ("唐悦", "Tang Yue"))  # of that unit
TOWN_STREETS = [
    ("澜浦街道", "Lanpu"), ("钟楼巷街道", "Zhonglouxiang"), ("桐荫街道", "Tongyin"), ("锦帆街道", "Jinfan"),
    ("书院里街道", "Shuyuanli"), ("柳桥街道", "Liuqiao"), ("青石门街道", "Qingshimen"), ("月潭街道", "Yuetan"),
    ("听松街道", "Tingsong"), ("金粟街道", "Jinsu"), ("盐埠街道", "Yanbu"), ("云帆街道", "Yunfan"),
]  # fmt: skip
VILLAGE_STREETS = [
    ("白鹭汀镇", "Bailuting"), ("枫泾渡镇", "Fengjingdu"), ("石梁桥镇", "Shiliangqiao"), ("稻香坞镇", "Daoxiangwu"),
    ("望北山镇", "Wangbeishan"), ("杏花滩镇", "Xinghuatan"), ("莲塘口镇", "Liantangkou"), ("茶亭岭镇", "Chatingling"),
]  # fmt: skip
_FIRST = [
    pair.split(":")
    for pair in (
        "桂:gui 兰:lan 松:song 竹:zhu 梅:mei 荷:he 枫:feng 梧:wu 槐:huai 柏:bai 杏:xing 桃:tao "
        "青:qing 碧:bi 金:jin 银:yin 玉:yu 石:shi 云:yun 月:yue 星:xing 晴:qing 霞:xia 雁:yan "
        "鹭:lu 鹤:he 龙:long 凤:feng 永:yong 安:an 和:he 宁:ning 文:wen 书:shu 明:ming 德:de "
        "锦:jin 绣:xiu 东:dong 西:xi 南:nan 北:bei 长:chang 古:gu 新:xin 瑞:rui 望:wang 听:ting "
    ).split()
]
_SECOND = [
    pair.split(":")
    for pair in (
        "溪:xi 泉:quan 湖:hu 塘:tang 浦:pu 汀:ting 湾:wan 洲:zhou 桥:qiao 亭:ting 坊:fang 里:li "
        "苑:yuan 园:yuan 庭:ting 阁:ge 岭:ling 坡:po 岗:gang 台:tai 林:lin 圃:pu 坞:wu 田:tian "
        "井:jing 渡:du 埠:bu 门:men 城:cheng 居:ju 泽:ze 源:yuan "
    ).split()
]
_SURNAMES = [
    pair.split(":")
    for pair in (
        "王:Wang 李:Li 张:Zhang 刘:Liu 陈:Chen 杨:Yang 赵:Zhao 黄:Huang 周:Zhou 吴:Wu 徐:Xu 孙:Sun "
        "胡:Hu 朱:Zhu 高:Gao 林:Lin 何:He 郭:Guo 马:Ma 罗:Luo 梁:Liang 宋:Song 郑:Zheng 谢:Xie "
        "韩:Han 唐:Tang 冯:Feng 于:Yu 董:Dong 萧:Xiao "
    ).split()
]
_GIVEN = [
    pair.split(":")
    for pair in (
        "云:yun 舟:zhou 禾:he 澜:lan 砚:yan 棠:tang 溪:xi 岚:lan 屿:yu 川:chuan 牧:mu 野:ye "
        "汐:xi 苇:wei 楠:nan 朴:pu 樵:qiao 渔:yu 耕:geng 读:du 晴:qing 霁:ji 朔:shuo 望:wang "
        "闻:wen 舒:shu 简:jian 恒:heng 亦:yi 知:zhi "
    ).split()
]
WORKS = ("大道", "路", "街", "巷")
WORKS_EN = ("Avenue", "Road", "Street", "Lane")


class Names:
    """Pairs (Chinese, English) of two characters, never the same one twice in a district."""

    def __init__(self, dice: Dice) -> None:
        pairs = [(a, b) for a in _FIRST for b in _SECOND if a[1] != b[1]]
        self._pairs = dice.shuffled(pairs)

    def place(self) -> tuple[str, str]:
        """The next unused name of a place."""
        (a, a_en), (b, b_en) = self._pairs.pop()
        return a + b, (a_en + b_en).capitalize()


def person(dice: Dice) -> tuple[str, str]:
    """An invented person: (Chinese, English)."""
    surname, given, last = dice.pick(_SURNAMES), dice.pick(_GIVEN), dice.pick(_GIVEN)
    return surname[0] + given[0] + last[0], f"{surname[1]} {(given[1] + last[1]).capitalize()}"


def phone(dice: Dice) -> str:
    """A number that no network gives out: 100 is no mobile prefix."""
    return f"100{dice.whole(0, 99_999_999):08d}"
