"""Personal data in free text: sentences as they are really written, and what must come through unharmed."""

from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.contract import personal
from services.contract.personal import mask_text

SENTENCES = [
    ("来电人王先生（13812345678）反映井盖破损", "来电人王先生（138****5678）反映井盖破损"),
    ("联系电话：138 1234 5678，请尽快处理", "联系电话：138****5678，请尽快处理"),
    ("手机１３８１２３４５６７８", "手机138****5678"),
    ("电话：１３８－１２３４－５６７８", "电话：138****5678"),
    ("+86 138-1234-5678", "+86 138****5678"),
    ("(+86)13812345678", "(+86)138****5678"),
    ("008613812345678", "0086138****5678"),
    ("电话1 3 8 1 2 3 4 5 6 7 8", "电话138****5678"),
    ("138.1234.5678", "138****5678"),
    ("1381234 5678 或 138 12345678", "138****5678 或 138****5678"),
    ("13812345678/13987654321", "138****5678/139****4321"),
    ("13812345678 13987654321", "138****5678 139****4321"),
    ("幺三八一二三四五六七八", "幺三八****五六七八"),
    ("1.13812345678，2.13987654321", "1.138****5678，2.139****4321"),
    ("**13812345678**", "**138****5678**"),
    ("（0519）85551234", "（0519）****234"),
    ("0519 8555 1234 转 8", "0519 ****234 转 8"),
    ("010-62345678", "010-****678"),
    ("座机：8555 1234", "座机：****234"),
    ("电话：+852 9123 4567", "电话：+****567"),
    ("身份证号：11010119900101123x。", "身份证号：110101********123x。"),
    ("身份证 110101 19900101 1234", "身份证 110101********1234"),
    ("110101 1990 0101 1234", "110101********1234"),
    ("老证号码110101900101123", "老证号码110101******123"),
    ("工行卡6222021234567890128打款", "工行卡6222********0128打款"),
    ("6217 0012 3456 7890 126", "6217 0012 3456 7890 126"),  # its check digit is wrong
    ("卡号：6217 0012 3456 7890 126", "卡号：6217********0126"),
    ("账户 3201 0456 7890", "账户 3201****7890"),
    ("护照号E12345678", "护照号E*****78"),
    ("港澳通行证：C98765432", "港澳通行证：C*****32"),
    ("军官证字第1234567号", "军官证字第1*****67号"),
    ("苏D·12345占用消防通道", "苏D·***45占用消防通道"),
    ("车牌苏DF12345违停", "车牌苏D***45违停"),
    ("一辆粤B 8K88Q 小车", "一辆粤B ***8Q 小车"),
    ("邮箱zhang.san@example.com", "邮箱z***@example.com"),
    ("微信：wx_zhangsan88", "微信：w***"),
    ("微信号是zhangsan，加VX: abc12345", "微信号是z***，加VX: a***"),
    ("QQ号 123456789", "QQ号 1***"),
    ("联系人：王小明，电话13812345678", "联系人：王**，电话138****5678"),
    ("联系人王磊反映路灯不亮", "联系人王*反映路灯不亮"),
    ("报案人欧阳修称车辆被盗", "报案人欧**称车辆被盗"),
    ("户主张三家中漏水", "户主张*家中漏水"),
    ("姓名:李建国 性别:男", "姓名:李** 性别:男"),
    ("当事人（陈丽）已离开", "当事人（陈*）已离开"),
    ("当事人于洋，男", "当事人于*，男"),
    ("居民张桂芳（82岁）独居", "居民张**（82岁）独居"),
    ("业主高志强反映电梯停运", "业主高**反映电梯停运"),
    ("张三女士来电", "张*女士来电"),
    ("请联系欧阳锋先生", "请联系欧**先生"),
    ("我叫刘德，住在3栋", "我叫刘*，住在3栋"),
    ("联系人：买买提·吐尔逊", "联系人：买**"),
    ("联系人: John Smith", "联系人: J**"),
]


@pytest.mark.parametrize(("text", "masked"), SENTENCES)
def test_what_leads_to_a_person_is_hidden(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "来电反映20261123-00417号工单未办结",
        "案件20261123-00417、20261123-165800与20261122-00001重复",
        "网格 32049900701206，社区320499007012，街道320499007，单元网格320499007012003",
        "2026-11-23T14:05:09.120+08:00",
        "2026年11月23日14时05分至2026-11-24 08:30:00",
        "20261123140509120",
        "来电 2026-11-23 14:05",
        "1763877909120-0",
        "坐标118.877608, 31.880686；131.123456 45.123456；13.812345678",
        "金额12,345,678.90元，合计1380000元，面积15200.5平方米",
        "12345热线转110、119、96777，400-820-8820",
        "34020000001320000001摄像机离线",
        "巡查至绣岗社区柏湾巷253号时发现施工物料乱堆放，已拍照上传，现场无人员受伤。",
        "居民安全意识不强，市民高度关注，业主方面要求尽快处理",
        "市民马上要出行，群众常年反映，老人家在路边，居民区停电",
        "联系人：不详，姓名：未知，当事人不在现场",
        "同志们辛苦了，老师傅在现场，请各位老师们注意",
        "负责人表示三日内整改，当事人已离开，户主未开门",
        "GB/T 30428.2 第03类06项，DN300管道，C30混凝土，K1+200处",
        "人员密集，人民路、工人新村、人行道板破损",
        "值班员、派遣员、核查员",
        "微信群、微信公众号投诉，QQ群",
        "李某某、王某先生与张女士",
        "",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert mask_text(text) == text


PIECES = st.one_of(
    st.sampled_from([
        *(text for text, _ in SENTENCES), "13812345678", "110101199001011234", "0519-85551234", "电话：", "联系人",
        "先生", "*", "****", "王", "王小明", "高", "，", " ", "-", "—", "@", ".", "苏D", "微信", "护照", "反映",
        "姓名：", "12", "5678", "1391", "\n", "一", "8", "X", "86", "+",
    ]),
    st.text(max_size=4),
    st.text("0123456789 -*x", max_size=24),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@given(TEXTS)
@example("13812340519-85551234")
@example("13812345678 1234 5678 1234")
@example("电话：138123456789")
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask_text(text)
    assert mask_text(once) == once


FREE = st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="*"), max_size=12)
SEPARATORS = st.sampled_from(["", " ", "-", "－", "\u00a0", "\u3000", " - "])


@given(
    FREE, st.from_regex(r"\A1[3-9][0-9]{9}\Z"), SEPARATORS, st.sampled_from(["", "+86", "+86 ", "0086-", "86"]), FREE
)
def test_a_mobile_number_is_hidden_wherever_it_stands(
    before: str, number: str, sep: str, prefix: str, after: str
) -> None:
    written = prefix + sep.join((number[:3], number[3:7], number[7:]))
    shown = mask_text(before + written + after)
    assert number[3:7] + sep + number[7:] not in shown
    assert written not in shown
    assert number not in "".join(filter(str.isdigit, shown))


@given(FREE, st.from_regex(r"\A[1-6][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-2][0-9]{4}[0-9Xx]\Z"), FREE)
def test_an_identity_number_is_hidden_wherever_it_stands(before: str, number: str, after: str) -> None:
    assert number[6:14] not in mask_text(before + number + after)


@given(FREE, FREE)
def test_what_stands_around_a_number_stays(before: str, after: str) -> None:
    """Where the rest holds nothing personal itself."""
    before, after = before + "，", "，" + after
    if mask_text(before + after) == before + after:
        assert mask_text(before + "13812345678" + after) == before + "138****5678" + after


@pytest.mark.parametrize(
    "piece",
    [
        "1", "13", "1 ", "1-", "1 - ", "13812345678", "1381234567", "a@", "a", "@", "a.", "联系人", "联系人：", "王",
        "王先", "电话：", "电话1", "苏D", "苏D1", "0519-", "(0519)", "微信", "qq", "一三", "一三八", "1234 ", "6222 ",
        "高高", "护照", "护照E1", "人：", "李·", "110101 ", "业主高", " ", "-", "\t", "86", "+86", "身份证1 ", "欧阳",
        "A b ", "联系人：Aa ",
    ],
)  # fmt: skip
def test_ten_thousand_characters_of_anything_take_no_time(piece: str) -> None:
    """Some milliseconds; the bound is for a machine that is busy, and far below what backtracking would take."""
    text = (piece * 10_000)[:10_000]
    start = perf_counter()
    mask_text(text)
    assert perf_counter() - start < 0.5


def test_hiding_ends_after_few_rounds() -> None:
    assert personal.ROUNDS <= 3
