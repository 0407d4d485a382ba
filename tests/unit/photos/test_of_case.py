"""Before and after: a photo belongs to the event in which it first appears."""

from services.photos.of_case import CasePhoto, photos_of


def test_from_handled_on_a_new_photo_is_after() -> None:
    found = photos_of(
        [
            (1, "case.reported", False, ["a", " "]),
            (2, "case.dispatched", False, ["a", "b"]),
            (3, "case.handled", True, ["a", "b", "c"]),
            (4, "case.rework", False, ["c", "d"]),
        ]
    )
    assert found == (
        CasePhoto("a", 1, "case.reported", False),
        CasePhoto("b", 2, "case.dispatched", False),
        CasePhoto("c", 3, "case.handled", True),
        CasePhoto("d", 4, "case.rework", True),
    )
    assert photos_of([]) == ()
