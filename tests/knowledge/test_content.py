from datetime import date
from pathlib import Path

import pytest

from knowledge.content import ContentError, from_lines, load


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        load(folder)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def test_an_entry_is_what_its_file_says(folder):
    content = load(folder)

    (entry,) = content.entries
    assert (entry.id, entry.topic) == ("sp-register", "starting")
    assert entry.reviewed == date(2026, 11, 20)
    assert entry.review_by == date(2027, 1, 31)
    assert entry.sides["sl"].keywords == ("espe",)
    assert entry.sides["en"].answer == "You register at a SPOT point."
    assert entry.sources[0].url == "https://spot.gov.si"
    assert content.topics[0].names == {"sl": "Začetek", "en": "Starting out"}


def test_a_faq_of_entries_alone_is_enough(folder):
    content = load(folder)

    assert (content.small_talk, content.synonyms) == ((), ())
    assert (content.wishes, content.out_of_scope, content.colloquial) == ({}, {}, {})


def test_the_other_files_are_read(folder, write):
    write("out-of-scope.toml", '[near]\nsl = ["Koliko bom dobil jaz?"]\n[far]\nsl = ["Kakšno bo vreme?"]\nen = ["A recipe, please"]')
    write("small-talk.toml", '[greeting.sl]\nreply = "Živjo!"\nphrases = ["zdravo"]\n[greeting.en]\nreply = "Hi!"\nphrases = ["hello"]')
    write("wishes.toml", '[wish.did-not-help.sl]\nphrases = ["ni pomagalo"]\n[wish.did-not-help.en]\nphrases = ["did not help"]')
    write("synonyms.toml", 'groups = [["s.p.", "espe"]]\n[colloquial]\nkva = "kaj"')

    content = load(folder)

    assert content.out_of_scope == {"sl": ("Koliko bom dobil jaz?", "Kakšno bo vreme?"), "en": ("A recipe, please",)}
    assert content.small_talk[0].replies == {"sl": "Živjo!", "en": "Hi!"}
    assert content.wishes == {"did_not_help": {"sl": ("ni pomagalo",), "en": ("did not help",)}}
    assert content.synonyms == (("s.p.", "espe"),)
    assert content.colloquial == {"kva": "kaj"}


def test_entries_stand_in_the_order_of_the_topics(folder, write):
    entry = (folder / "starting/sp-register.toml").read_text("utf-8")
    write("topics.toml", '[tax]\nsl = "Davki"\nen = "Tax"\n[starting]\nsl = "Začetek"\nen = "Starting"')
    write("tax/vat.toml", entry)
    write("starting/close.toml", entry)

    assert [entry.id for entry in load(folder).entries] == ["vat", "close", "sp-register"]


def test_the_digest_changes_exactly_when_the_content_does(folder, change):
    before = load(folder).digest

    change("reviewed = 2026-11-20", "reviewed = 2026-11-20  # checked twice")
    assert load(folder).digest == before

    change("na točki SPOT", "na vsaki točki SPOT")
    assert load(folder).digest != before


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("reviewed = 2026-11-20\n", "", "reviewed: is missing"),
        (
            "reviewed = 2026-11-20",
            'reviewed = "2026-11-20"',
            "reviewed: must be a date such as 2026-11-20, without quotes, found '2026-11-20'",
        ),
        ("review_by", "reviewby", "reviewby: is not a key that belongs here"),
        ("[[sources]]", "sensitive = 1\n[[sources]]", "sensitive: must be true or false, without quotes, found 1"),
        ('url = "https://spot.gov.si"\n', "", "[sources, no. 1] url: is missing"),
        ('"How do I open an s.p.?"', '"How do I open an s.p.?", 3', "[en] wordings, no. 2: must be text in quotes, found 3"),
        ('"How do I open an s.p.?"', "", "[en] wordings: has too few items, found []"),
        ('["espe"]', '"espe"', "[sl] keywords: must be a list in square brackets, found 'espe'"),
        ('answer = "You register at a SPOT point."', 'answer = " "', "[en] answer: is empty, found ' '"),
        ("[en]", "[de]", '[en]: has no "en" side; everything stands in every language of the desk'),
        ("[en]", "[en", "the file: is not TOML: Expected ']' at the end of a table declaration (at line 15, column 4)"),
    ],
)
def test_a_mistake_is_named_by_file_and_key(folder, change, old, new, problem):
    change(old, new)

    assert problems_of(folder) == [f"starting/sp-register.toml: {problem}"]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("topics.toml", '[starting]\nsl = "Začetek"', '[starting]: has no "en" side; everything stands in every language of the desk'),
        ("sp.toml", "", "the file: has no place here; an entry belongs into the folder of its topic"),
        (
            "wishes.toml",
            '[wish.sing.sl]\nphrases = ["la"]\n[wish.sing.en]\nphrases = ["la"]',
            "[wish.sing]: is not a wish; known are human, did_not_help, solved",
        ),
        (
            "wishes.toml",
            '[wish.human.sl]\nphrases = ["x"]',
            '[wish.human.en]: has no "en" side; everything stands in every language of the desk',
        ),
        ("small-talk.toml", '[hi.sl]\nphrases = ["x"]\n[hi.en]\nreply = "X"\nphrases = ["x"]', "[hi.sl] reply: is missing"),
        ("synonyms.toml", 'groups = [["s.p."]]', "groups, no. 1: has too few items, found ['s.p.']"),
        ("out-of-scope.toml", 'near = ["x"]', "near: must be a table, found ['x']"),
    ],
)
def test_a_mistake_in_the_other_files_is_named_too(folder, write, name, text, problem):
    write(name, text)

    assert problems_of(folder) == [f"{name}: {problem}"]


def test_an_entry_has_a_topic_an_id_and_a_place_of_its_own(folder, write):
    entry = (folder / "starting/sp-register.toml").read_text("utf-8")
    write("tax/sp-register.toml", entry)
    write("starting/Sp Register.toml", entry)

    assert problems_of(folder) == [
        "starting/Sp Register.toml: the file's name: is the entry's id: small letters a–z, digits and single hyphens only",
        "tax/sp-register.toml: the folder: tax is not a topic in topics.toml",
        "tax/sp-register.toml: the file's name: the same id stands in starting/sp-register.toml; an id may be used once",
    ]


def test_all_mistakes_are_found_at_once(folder, write, change):
    change("[en]", "[de]")
    write("topics.toml", "[")
    write("synonyms.toml", "groups = 3")
    (folder / "wishes.toml").write_bytes(b"\xff")

    files = [problem.split(":")[0] for problem in problems_of(folder)]
    assert files == ["topics.toml", "synonyms.toml", "starting/sp-register.toml", "wishes.toml"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    (problem,) = problems_of(tmp_path / "faq")

    assert problem.startswith(f"{tmp_path}/faq: the folder: does not exist")


def test_lines_make_a_knowledge_base():
    lines = [
        {"text": "open an account", "label": "open"},
        {"text": "odprem račun", "label": "open", "lang": "sl"},
        {"text": "close it", "label": "close"},
        {"text": "the weather", "label": None},
    ]

    content = from_lines(lines)

    assert [entry.id for entry in content.entries] == ["open", "close"]
    assert content.entries[0].sides["sl"].wordings == ("odprem račun",)
    assert content.out_of_scope == {"en": ("the weather",)}


def test_a_label_counts_as_a_wording_only_where_it_says_something():
    content = from_lines([{"text": "my card was declined", "label": "card_declined"}, {"text": "how to cross out", "label": "faq-12"}])

    assert [entry.sides["en"].title for entry in content.entries] == ["card declined", "how to cross out"]


def test_a_topic_shows_its_entries_in_its_own_order_and_names_only_entries_that_exist(folder: Path) -> None:
    (folder / "starting" / "another.toml").write_text((folder / "starting" / "sp-register.toml").read_text())
    topics = folder / "topics.toml"
    topics.write_text(topics.read_text().replace('en = "Starting out"', 'en = "Starting out"\nfirst = ["sp-register", "another"]'))
    assert [entry.id for entry in load(folder).entries if entry.topic == "starting"] == ["sp-register", "another"]
    topics.write_text(topics.read_text().replace('"another"', '"nowhere"'))
    with pytest.raises(ContentError, match="nowhere"):
        load(folder)
