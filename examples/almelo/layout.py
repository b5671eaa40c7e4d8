"""The eleven exports: file, form and columns. Both the files and the study are written from these tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from . import cells
from .cells import Writer
from .truth import wijken


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its heading, the word the protocol has for it ("" stays at home), and its cells."""

    heading: str
    key: str
    write: Writer


@dataclass(frozen=True)
class Layout:
    """How one organisation's export looks."""

    holder: str
    organisation: str
    delivery: str
    file: str
    kind: Literal["csv", "xlsx", "parquet"]
    columns: tuple[Column, ...]
    separator: str = ";"
    encoding: Literal["utf-8", "utf-8-sig", "cp1252", "utf-16"] = "utf-8"
    quote_all: bool = False
    sheet: str = ""
    title_rows: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    not_available: tuple[str, ...] = ()


WIJK_CODES = {wijk: str(code) for code, wijk in enumerate(wijken(), 10)}
PLACES = {
    "alleenstaand": "01 Alleenstaande", "referentie-paar": "02 Ref.persoon paar", "partner": "03 Partner",
    "ouder": "04 Ouder in eenouderhuishouden", "kind": "05 Thuiswonend kind",
    "referentie-overig": "06 Ref.persoon overig", "overig": "07 Overig lid", "institutioneel": "08 Institutioneel",
}  # fmt: skip
GROUNDS = {
    "1": "1 somatisch", "2": "2 psychogeriatrisch", "3": "3 psychiatrisch", "4": "4 lichamelijk",
    "5": "5 verstandelijk", "6": "6 zintuiglijk", "7": "7 psychosociaal", "8": "8 geen", "9": "9 onbekend",
}  # fmt: skip
SUSPICIONS = (
    "vd1101dfstlpersauto", "vd1102dfstluitvnpersauto", "vd1103dfstlfiets", "vd1105dfstlbromsnorfiets",
    "vd1106inbrkschool", "vd1107inbrksportcomplx", "vd1108zakkenrollerij", "vd1109straatroof",
    "vd1110dfstlbedrijven", "vd1111winkeldiefstal", "vd1121inbrkwoning", "vd1122inbrkschuurgarage",
    "vd1130dfstlinbrkoverig", "vd1200bedrog", "vd1300valsheidsmisd", "vd1400heling", "vd2110vernietigingauto",
    "vd2120vernopenbaargeb", "vd2130vernbeschoverig", "vd2210openlgewpleging", "vd2220huisvredebreuk",
    "vd2240computervredebreuk", "vd2260openbordeoverig", "vd2300brandstontplffing", "vd2410nietopvolgambtbevel",
    "vd2420openbezagoverig", "vd3100mishandeling", "vd3210bedreiging", "vd3220stalking", "vd3310aanranding",
    "vd3320verkrachting", "vd3330schenniseerbaarhd", "vd3340ontuchtmdnrjarige", "vd3350seksueelmisdroverig",
    "vd3400levensmisdrijf", "vd3500vrijhdsbeneming", "vd3600gewmisdroverig", "vd5100verlpltsongeval",
    "vd5200rijdenonderinvld", "vd5300rijdentdntszgging", "vd5400verkeersmisdroverig", "vd6000drugsmisd",
    "vd7000vuurwapenmisd", "vd9000misdrrwetoverig", "vd9999misdronbekend",
)  # fmt: skip


def _home(heading: str, write: Writer) -> Column:
    return Column(heading, "", write)


def _meanings(words: Mapping[str, str]) -> dict[str, str]:
    """The other way round: from the word of the organisation to that of the protocol."""
    return {word: name for name, word in words.items()}


GEMEENTE = Layout(
    "gemeente-almelo", "Gemeente Almelo, Burgerzaken", "bevolking", "Uitvoer bevolking 20150401.csv", "csv",
    (
        Column("A-nummer", "a_number", cells.a_number),
        Column("Burgerservicenr", "bsn", cells.bsn),
        _home("Naam", cells.name),
        Column("Geb.datum", "minor", cells.birth_packed),
        Column("Dat. inschrijving", "registered_from", cells.date_day_first("registered_from")),
        Column("Dat. vertrek/overlijden", "departed", cells.date_slashes("departed")),
        Column("Postcode", "postcode", cells.postcode(spaced=False)),
        Column("Huisnr", "house_number", cells.house_number),
        Column("Hsltr", "house_letter", cells.house_letter),
        Column("Toev.", "house_addition", cells.house_addition),
        Column("Huish.nr", "household_number", cells.text("household_number")),
        Column("Plaats in huish.", "place", cells.word("place", PLACES)),
        Column("Wijkcode", "wijk", cells.word("wijk", WIJK_CODES)),
        Column("Verhuizingen in 2014", "moves", cells.count("moves", zero="")),
        _home("Telefoon (privé)", cells.phone),
    ),
    encoding="cp1252",
    values={"wijk": _meanings(WIJK_CODES), "place": _meanings(PLACES)},
)  # fmt: skip

SOCIALE_DIENST = Layout(
    "sociale-dienst-twente", "Sociale Dienst Twente", "uitkeringen", "uitkeringen 2014 definitief.csv", "csv",
    (
        _home("Cliëntnaam", cells.name),
        Column("BSN", "bsn", cells.bsn),
        Column("Mnd bijstand", "bijstand", cells.count("bijstand")),
        Column("Mnd WW", "ww", cells.count("ww")),
        Column("Mnd ZW/WIA/WAO", "disability", cells.count("disability", zero="")),
        Column("Mnd overig (Ioaw, Bbz, Wajong)", "other", cells.count("other", zero="")),
        _home("Telefoonnummer", cells.phone),
        _home("Opmerking consulent", cells.remark),
    ),
    encoding="utf-8-sig",
)  # fmt: skip

INKOMENS = Layout(
    "inkomensregister", "Inkomensregister", "inkomen", "inkomen_2014.parquet", "parquet",
    (
        Column("BurgerServiceNummer", "bsn", cells.bsn_as_number),
        Column("GestBestInkomenHuishouden", "low_income", cells.amount_as_number("low_income")),
        _home("Bronbestand", cells.constant("IB-2014")),
    ),
)  # fmt: skip

ZORGVERZEKERAAR = Layout(
    "zorgverzekeraar", "Zorgverzekeraars Twente", "ggz", "GGZ_declaraties_2012-2014.csv", "csv",
    (
        Column("declaratiejaar", "year", cells.year),
        Column("bsn_verzekerde", "bsn", cells.bsn),
        Column("basis_ggz_eur", "basic_cost", cells.amount("basic_cost")),
        Column("gespec_ggz_eur", "specialist_cost", cells.amount("specialist_cost")),
        _home("verzekerde", cells.name),
        _home("datum_declaratie", cells.date_year_first),
    ),
    separator=",", quote_all=True,
)  # fmt: skip

INDICATIEORGAAN = Layout(
    "indicatieorgaan", "Indicatieorgaan Zorg", "awbz", "AWBZ-indicaties (Unicode-tekst).txt", "csv",
    (
        Column("BSN cliënt", "bsn", cells.bsn),
        _home("Cliënt", cells.name),
        Column("Indicatiejaar", "year", cells.year),
        Column("Dominante grondslag", "ground", cells.word("ground", GROUNDS)),
        _home("Geldig vanaf", cells.date_year_first),
    ),
    separator="\t", encoding="utf-16",
    values={"ground": _meanings(GROUNDS)},
)  # fmt: skip

JEUGDHULP = Layout(
    "jeugdhulp-twente", "Jeugdhulp Twente", "jeugdhulp", "Jeugdhulp 2012-2014.xlsx", "xlsx",
    (
        _home("Jeugdige", cells.name),
        Column("A-nr.", "a_number", cells.a_number),
        Column("BSN", "bsn", cells.bsn_as_number),
        Column("Jaar", "year", cells.year),
        Column("Ambulant", "ambulant", cells.count_as_number("ambulant")),
        Column("Dagbehandeling", "day_treatment", cells.count_as_number("day_treatment")),
        Column("Residentieel", "residential", cells.count_as_number("residential")),
        Column("Jeugdreclassering", "probation", cells.count_as_number("probation")),
        Column("OTS", "supervision_order", cells.count_as_number("supervision_order")),
        Column("Voogdij", "guardianship", cells.count_as_number("guardianship")),
        Column("Pleegzorg", "foster_care", cells.count_as_number("foster_care")),
        Column("Dagen resid.", "residential_days", cells.count_as_number("residential_days")),
        Column("Dagen pleegz.", "foster_days", cells.count_as_number("foster_days")),
    ),
    sheet="Trajecten", title_rows=("Overzicht jeugdhulp en jeugdbescherming", "Peiljaren 2012, 2013 en 2014"),
)  # fmt: skip

BEMOEIZORG = Layout(
    "bemoeizorg-twente", "Bemoeizorg en Verslavingszorg Twente", "verslavingszorg_bemoeizorg", "clienten_bz_vz.csv",
    "csv",
    (
        Column("jaar", "year", cells.year),
        Column("sofi/bsn", "bsn", cells.bsn),
        Column("verslaving", "addiction_care", cells.yes_no("addiction_care", "X", "")),
        Column("bemoei", "outreach_care", cells.yes_no("outreach_care", "X", "")),
        _home("naam", cells.name),
        _home("notitie", cells.remark),
    ),
    separator="|", values={"addiction_care": {"X": "ja"}, "outreach_care": {"X": "ja"}},
)  # fmt: skip

POLITIE = Layout(
    "politie-twente", "Politie, district Twente", "politie", "BVH_verdachten_2014.csv", "csv",
    (
        _home("Registratienr", lambda row, line: f"PL05-2014{line:06d}"),
        Column("BSN-nummer", "bsn", cells.bsn),
        _home("Verdachte", cells.name),
        Column("Geboortedatum", "minor", cells.birth_day_first),
        Column("PC", "postcode", cells.postcode()),
        Column("Huisnummer + toevoeging", "house_number", cells.house),
        *(Column(word.upper()[:6] + word[6:], word[:6], cells.count(word[:6], zero="")) for word in SUSPICIONS),
        _home("Toelichting", cells.remark),
    ),
    quote_all=True,
)  # fmt: skip

STADSBANK = Layout(
    "stadsbank-twente", "Stadsbank Twente", "stadsbank", "Stadsbank klanten export.csv", "csv",
    (
        _home("Dossier", lambda row, line: f"SB{line:05d}"),
        _home("Cliënt", cells.name),
        Column("Sofi-/BSN-nr", "bsn", cells.bsn),
        Column("Postcode", "postcode", cells.postcode()),
        Column("Nr", "house_number", cells.house_number),
        Column("Toevoeging", "house_addition", cells.house_suffix),
        Column("Schuldhulp J/N", "debt_counselling", cells.yes_no("debt_counselling", "J", "N")),
        Column("Budgetbeheer J/N", "budget_management", cells.yes_no("budget_management", "J", "N")),
        Column("Schuldbedrag €", "debt", cells.amount("debt")),
        _home("Memo", cells.remark),
    ),
    encoding="cp1252",
)  # fmt: skip

NOORD = Layout(
    "corporatie-noord", "Woningcorporatie Noord", "woningcorporatie", "huurders_2014.csv", "csv",
    (
        _home("Huurder", cells.name),
        Column("Postcode", "postcode", cells.postcode()),
        Column("Huisnummer", "house_number", cells.house),
        Column("Achterstand", "arrears", cells.amount("arrears", thousands="")),
        Column("Overlastmeldingen", "nuisance", cells.count("nuisance")),
        Column("Ontruiming aangezegd", "eviction_notice", cells.yes_no("eviction_notice", "ja", "nee")),
        _home("Bijzonderheden", cells.remark),
    ),
    encoding="utf-8-sig",
)  # fmt: skip

ZUID = Layout(
    "corporatie-zuid", "Woningcorporatie Zuid", "woningcorporatie", "Verhuureenheden 2014.xlsx", "xlsx",
    (
        _home("VHE-nummer", lambda row, line: f"VHE-{line:05d}"),
        Column("PC", "postcode", cells.postcode()),
        Column("Huisnr.", "house_number", cells.house_number_in_excel),
        Column("Toev.", "house_addition", cells.house_suffix),
        Column("Huurschuld per 31-12", "arrears", cells.amount_as_number("arrears")),
        Column("Ontruiming", "eviction_notice", cells.yes_no("eviction_notice", "1", "0")),
        _home("Naam huurder", cells.name),
    ),
    sheet="Eenheden", not_available=("nuisance",),
)  # fmt: skip

LAYOUTS: tuple[Layout, ...] = (
    GEMEENTE, SOCIALE_DIENST, INKOMENS, ZORGVERZEKERAAR, INDICATIEORGAAN, JEUGDHULP, BEMOEIZORG, POLITIE, STADSBANK,
    NOORD, ZUID,
)  # fmt: skip
