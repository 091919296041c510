from softswitch.domain.refusals import unknown


def test_a_refusal_names_the_nearest_right_spelling() -> None:
    refusal = unknown("agent", "ana", ["bo", "anna"], "softswitch agent list")
    assert refusal.what == "there is no agent 'ana'"
    assert "'anna'" in refusal.mend
    assert len(str(refusal).splitlines()) == 3


def test_without_anything_near_it_says_where_to_look() -> None:
    assert "softswitch agent list" in unknown("agent", "zzz", ["bo"], "softswitch agent list").mend
