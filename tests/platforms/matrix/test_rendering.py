"""What the bot says, as Matrix shows it."""

from bot.platforms.matrix import rendering
from bot.platforms.matrix.keeping import Keeping
from handlers.events import Attachment, MessageRef, Place, Sender
from handlers.orders import Choice, Quote, Relay, Text, Verb


def relay(author: str, text: str, not_carried: str = "") -> Relay:
    origin = MessageRef("matrix", "!a", "$1")
    return Relay(place=Place("matrix", "!b"), ticket=1, author=author, text=text, origin=origin, not_carried=not_carried)


def test_our_markdown_becomes_html_and_a_readable_body() -> None:
    rendered = rendering.render((Text("**Krepko** in [SPOT](https://spot.gov.si)\n\n- ena\n- dve"),))
    assert rendered.html == ('<p><strong>Krepko</strong> in <a href="https://spot.gov.si">SPOT</a></p><ul><li>ena</li><li>dve</li></ul>')
    assert rendered.body == "Krepko in SPOT (https://spot.gov.si)\n\n• ena\n• dve"


def test_what_people_write_is_never_markup() -> None:
    rendered = rendering.render((Quote("<b>**x**</b>\n[a](javascript:b)"),))
    assert rendered.html == "<blockquote>&lt;b&gt;**x**&lt;/b&gt;<br>[a](javascript:b)</blockquote>"
    assert "<script>" not in rendering.render_relay(relay("<script>", "<script>"), ()).html


def test_a_link_that_is_no_address_is_text() -> None:
    assert rendering.render((Text("[a](javascript:b)"),)).html == "[a](javascript:b)"


def test_commands_begin_with_an_exclamation_mark_and_addresses_stay_as_they_are() -> None:
    rendered = rendering.render((Text("Vse: /teme. https://example.org/help in/status"),))
    assert rendered.body == "Vse: !teme. https://example.org/help in/status"


def test_choices_have_signs_and_numbers_follow_their_place() -> None:
    choices = (Choice("A", Verb.SHOW_ENTRY), Choice("B", Verb.SHOW_ENTRY), Choice("Nič", Verb.NONE_OF_THESE))
    assert rendering.signs(choices) == ("1️⃣", "2️⃣", "🙋")
    assert rendering.render((), choices).body == "1️⃣ A\n2️⃣ B\n🙋 Nič"
    assert rendering.signs([Choice("x", Verb.TOPIC)] * 11)[9:] == ("🔟", "")


def test_a_link_is_shown_and_has_no_reaction() -> None:
    link = Choice("Pišite zasebno", Verb.OPEN_CHAT, url="https://matrix.to/#/@desk:x")
    assert rendering.signs([link]) == ("",)
    assert "https://matrix.to/#/@desk:x" in rendering.render((), (link,)).body


def test_a_card_changes_its_first_line_and_its_choices_and_nothing_else() -> None:
    card = rendering.message(rendering.render_card("#1 · Ana", (Text("Telo"),), (Choice("Prevzemi", Verb.CLAIM),)))
    claimed = rendering.with_first_line(card, "claimed", "#1 · Ana")
    assert claimed.body == "🔵 #1 · Ana\n\nTelo\n\n🙋 Prevzemi"
    again = rendering.with_choices(rendering.message(claimed), (Choice("Spusti", Verb.RELEASE),))
    assert again.body == "🔵 #1 · Ana\n\nTelo\n\n↩️ Spusti"
    assert again.html == "<p><strong>🔵 #1 · Ana</strong></p><p>Telo</p><p>↩️ Spusti</p>"


def test_an_attachment_that_does_not_come_along_is_named() -> None:
    missing = (Attachment("photo", name="a.png"), Attachment("location", name="46.1, 14.3"), Attachment("poll"))
    rendered = rendering.render_relay(relay("Ana", "Glejte", not_carried="preveliko"), missing)
    assert rendered.body == "Ana: Glejte\n🖼 a.png (preveliko)\n📍 46.1, 14.3"


def test_a_reaction_stands_for_its_choice_until_other_choices_are_offered(tmp_path) -> None:  # type: ignore[no-untyped-def]
    keeping = Keeping(tmp_path / "desk.db")
    keeping.offer("$1", {"🙋": "claim", "✅": "close"})
    keeping.place("$1", "🙋", "$r1")
    assert keeping.choice("$1", "🙋🏽") == "claim"

    keeping.offer("$1", {"↩️": "release", "✅": "close2"})

    assert keeping.choice("$1", "🙋") is None
    assert keeping.choice("$1", "↩") == "release"
    assert keeping.choice("$1", "✅") == "close2"
    assert keeping.placed("$1") == {"🙋": "$r1"}
    keeping.close()


def test_advisers_are_mentioned_by_name_so_that_they_are_notified() -> None:
    content = rendering.called((Sender("@maja:x.si", "<Maja>"), Sender("@t:x.si")), rendering.render((Text("Zadeva **#1** čaka."),)))
    assert content["m.mentions"] == {"user_ids": ["@maja:x.si", "@t:x.si"]}
    assert content["body"] == "<Maja>, @t:x.si: Zadeva #1 čaka."
    pills = '<a href="https://matrix.to/#/@maja:x.si">&lt;Maja&gt;</a>, <a href="https://matrix.to/#/@t:x.si">@t:x.si</a>'
    assert content["formatted_body"] == f"{pills}: Zadeva <strong>#1</strong> čaka."


def test_a_sign_is_not_said_twice() -> None:
    choices = (Choice("👍 Dobro", Verb.LIKE), Choice("👎 Slabo", Verb.DISLIKE))
    assert rendering.render((), choices).body == "👍 Dobro\n👎 Slabo"
