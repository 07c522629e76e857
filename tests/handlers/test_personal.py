"""Numbers that identify somebody are known by their shape and what stands beside them; everything else is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import personal
from handlers.personal import Kind


@pytest.mark.parametrize(
    ("text", "kind", "hidden"),
    [
        ("Moj EMŠO je 0101006500006.", Kind.EMSO, "Moj EMŠO je •••••••••••••."),
        ("emšo 0101006 500006 prosim", Kind.EMSO, "emšo ••••••• •••••• prosim"),
        ("Davčna: 50223054", Kind.TAX, "Davčna: ••••••••"),
        ("moja davčna številka je 502 230 54, hvala", Kind.TAX, "moja davčna številka je ••• ••• ••, hvala"),
        ("ID za DDV SI50223054", Kind.TAX, "ID za DDV SI••••••••"),
        ("my tax number is 50223054", Kind.TAX, "my tax number is ••••••••"),
        ("50223054", Kind.TAX, "••••••••"),
        ("TRR SI56 1910 0000 0123 438 pri banki", Kind.IBAN, "TRR •••• •••• •••• •••• ••• pri banki"),
        ("nakažite na si56191000000123438", Kind.IBAN, "nakažite na •••••••••••••••••••"),
        ("DE89 3704 0044 0532 0130 00", Kind.IBAN, "•••• •••• •••• •••• •••• ••"),
        ("kartica 4111 1111 1111 1111, velja do 12/27", Kind.CARD, "kartica •••• •••• •••• ••••, velja do 12/27"),
        ("378282246310005", Kind.CARD, "•••••••••••••••"),
        ("kartica 4111\u00a01111\u00a01111\u00a01111", Kind.CARD, "kartica ••••\u00a0••••\u00a0••••\u00a0••••"),
        ("kartica_4111111111111111.jpg", Kind.CARD, "kartica_••••••••••••••••.jpg"),
        ("Moj EMŠO: 0101006500007", Kind.EMSO, "Moj EMŠO: •••••••••••••"),
        ("moja številka je 0101006500007, hvala", Kind.EMSO, "moja številka je •••••••••••••, hvala"),
        ("EMŠO 9901006500000 je zatipkan", Kind.EMSO, "EMŠO ••••••••••••• je zatipkan"),
        ("010100 6500006", Kind.EMSO, "•••••• •••••••"),
        ("0101\u00a0006 500006", Kind.EMSO, "••••\u00a0••• ••••••"),
        ("0101 006 500 006", Kind.EMSO, "•••• ••• ••• •••"),
        ("emso_0101006500006.pdf", Kind.EMSO, "emso_•••••••••••••.pdf"),
        ("12345679 je moja davčna", Kind.TAX, "•••••••• je moja davčna"),
        ("Moja davčna št. je 12345678.", Kind.TAX, "Moja davčna št. je ••••••••."),
        ("ID za DDV: SI12345678", Kind.TAX, "ID za DDV: SI••••••••"),
        ("12345678 is my tax number", Kind.TAX, "•••••••• is my tax number"),
        ("davcna_12345679.pdf", Kind.TAX, "davcna_••••••••.pdf"),
        ("SI56 1910 0000 0123 439", Kind.IBAN, "•••• •••• •••• •••• •••"),
        ("SI56 1910 0000 0123 438 hvala lepa", Kind.IBAN, "•••• •••• •••• •••• ••• hvala lepa"),
        ("SI56-1910-0000-0123-438", Kind.IBAN, "••••-••••-••••-••••-•••"),
        ("SI56\u00a01910\u00a00000\n0123 438", Kind.IBAN, "••••\u00a0••••\u00a0••••\n•••• •••"),
        ("DE89-3704-0044-0532-0130-00 prosim", Kind.IBAN, "••••-••••-••••-••••-••••-•• prosim"),
    ],
)
def test_a_number_that_identifies_somebody_is_found_and_hidden(text: str, kind: Kind, hidden: str) -> None:
    assert personal.kinds(text) == (kind,)
    assert personal.masked(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "Prag za DDV je 60.000 EUR, prej 50.000.",
        "Kličite 041 123 456 ali +386 41 123 456.",
        "Davčna mi je poslala odločbo št. 12345678",
        "9901006500000 ni datum",
        "Rok je 31. 12. 2026, znesek 1.234.567,89 EUR",
        "številka naročila 4111 1111 1111 1112",
        "Sklic SI00 1234567890123, SI12 0101006",
        "Davčna osnova je 12345678 EUR, prej 12.345.678,00 EUR",
        "Davčno napoved oddam do 20261231, davčna uprava je na 01 478 2800",
        "12345678 ni davčna osnova",
        "Davčno svetovanje: +386 41 123 456, 00386 41 123 456, 0038641123456",
        "Račun 20260017, davčna stopnja 22 %",
        "4220 Škofja Loka, matična številka 5300231000 ali 5300231",
        "Od 24-11-2026 10-30-5 do 31 12 2026 12345",
        "Proračun je 10 000 000 20 000 ali 1 200 000 000 000",
        "Sem 50223054 v vrsti za DD",
        "SKD 90.030, obrazec DDV-P2, zakon ZDDV-1",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert personal.found(text) == ()
    assert personal.masked(text) == text


def test_several_kinds_in_one_message_are_all_hidden() -> None:
    text = "Sem Ana, EMŠO 0101006500006, davčna 50223054, račun SI56 1910 0000 0123 438."
    assert personal.kinds(text) == (Kind.EMSO, Kind.TAX, Kind.IBAN)
    assert personal.masked(text) == "Sem Ana, EMŠO •••••••••••••, davčna ••••••••, račun •••• •••• •••• •••• •••."


@pytest.mark.parametrize(
    ("text", "general", "kinds"),
    [
        ("Sem Ana Novak. Kako odprem s.p.?", "Sem …. Kako odprem s.p.?", (Kind.NAME,)),
        ("Kako odprem s.p.? Lep pozdrav, Janez", "Kako odprem s.p.? Lep pozdrav, …", (Kind.NAME,)),
        ("Pišite na ana@example.org ali 041 123 456", "Pišite na … ali …", (Kind.EMAIL, Kind.PHONE)),
        ("Kličite +386 (0)41 123 456", "Kličite …", (Kind.PHONE,)),
        ("Na Telegramu sem @ana_riše", "Na Telegramu sem …", (Kind.EMAIL,)),
        ("Ani Novakovi so zavrnili vlogo", "… so zavrnili vlogo", (Kind.NAME,)),
        ("Davčna 50223054, kaj zdaj?", "Davčna …, kaj zdaj?", (Kind.TAX,)),
        ("Kako naj Anamarija odpre s.p.?", "Kako naj Anamarija odpre s.p.?", ()),
        ("Od 01. 01. 2026 sem samozaposlena", "Od 01. 01. 2026 sem samozaposlena", ()),
    ],
)
def test_what_becomes_part_of_the_faq_is_in_general_words(text: str, general: str, kinds: tuple[Kind, ...]) -> None:
    assert personal.stripped(text, ["Ana Novak"]) == personal.Stripped(general, kinds)


@given(st.text(max_size=300))
def test_hiding_changes_nothing_but_letters_and_digits_and_is_done_once(text: str) -> None:
    hidden = personal.masked(text)
    assert len(hidden) == len(text)
    assert personal.masked(hidden) == hidden


@given(st.text(alphabet="0123456789 SIDE-+.@aA", max_size=400))
def test_any_run_of_digits_is_dealt_with(text: str) -> None:
    personal.stripped(personal.masked(text), ["Ana"])
