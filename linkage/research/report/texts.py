"""The report's own words in Dutch and English. Terms of the protocol are put in as they are: those are Dutch."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from linkage.research.report.numbers import Language

# Written by us, so it may hold mark-up; what is put in at {braces} is escaped.
TEXTS: dict[str, tuple[str, str]] = {
    # the page
    "skip": ("Direct naar de inhoud", "Skip to content"),
    "contents": ("Inhoud", "Contents"),
    "kicker": ("{town} · peildatum {date} · meting {wave}", "{town} · reference date {date} · wave {wave}"),
    "own_terms": ("", "Titles and terms of the protocol and the study are given as agreed, in Dutch."),
    "glance": ("In het kort", "At a glance"),
    "hidden": ("onderdrukt", "suppressed"),
    "hidden_long": ("mag niet worden getoond", "may not be shown"),
    "empty": ("geen getal", "no number"),
    "star_note": (
        "{star} = onderdrukt: een aantal onder {threshold}, of nodig om zo'n aantal niet te laten berekenen.",
        "{star} = suppressed: a count below {threshold}, or needed so that no such count can be computed.",
    ),
    "figures_from": ("Cijfers bij deze figuur", "The numbers in this figure"),
    "region": ("Tabel: {title}. Scroll opzij voor alle kolommen.", "Table: {title}. Scroll sideways for all columns."),
    "figure_region": ("Figuur: {title}", "Figure: {title}"),
    "row_by-area": ("Wijk", "District"),
    "row_overlap": ("Gezinnen", "Families"),
    "row_stacking": ("Problemen tegelijk", "Problems at once"),
    "row_municipalities": ("Gemeente", "Municipality"),
    "row_costs": ("Groep", "Group"),
    "row_cost-parts": ("Onderdeel", "Part"),
    "row_scenarios": ("Als anders was", "If different"),
    "row_quality": ("Levering", "Delivery"),
    "row_choices": ("Bij deze keuze", "With this choice"),
    "count": ("aantal", "number"),
    "pct": ("%", "%"),
    "unknown": ("onbekend", "unknown"),
    "total": ("totaal", "total"),
    "mean": ("per huishouden", "per household"),
    "and": ("en", "and"),
    "others": ("{n} andere", "{n} others"),
    "no_table": (
        "Dit deel is weggelaten: de tabel ervoor is niet uitgegeven.",
        "This part is left out: its table was not released.",
    ),
    # the four answers
    "q_families": ("Hoeveel gezinnen?", "How many families?"),
    "q_where": ("Waar?", "Where?"),
    "q_problems": ("Welke problemen?", "Which problems?"),
    "q_costs": ("Wat kosten ze?", "What do they cost?"),
    "a_families": (
        "Van de <b>{families}</b> gezinnen met kinderen voldoen er {count} ({share}) aan de omschrijving: {what}.",
        "Of the <b>{families}</b> families with children, {count} ({share}) meet the definition: {what}.",
    ),
    "a_families_no_share": (
        "Zoveel gezinnen voldoen aan de omschrijving: {what}. Het aantal van alle gezinnen is niet getoond.",
        "So many families meet the definition: {what}. The number of all families is not shown.",
    ),
    "a_families_hidden": (
        (
            "Er zijn <b>{families}</b> gezinnen met kinderen. Hoeveel daarvan voldoen aan de omschrijving, "
            "mag niet worden getoond: {what}."
        ),
        (
            "There are <b>{families}</b> families with children. How many of them meet the definition may not be "
            "shown: {what}."
        ),
    ),
    "a_nothing_shown": ("Dit mag niet worden getoond.", "This may not be shown."),
    "a_no_table": ("Hierover is geen tabel uitgegeven.", "No table about this was released."),
    "a_where": (
        (
            "Van de wijken die mogen worden getoond, heeft {most} er de meeste ({count}) en {highest} het hoogste "
            "aandeel ({share} van {base})."
        ),
        (
            "Of the districts that may be shown, {most} has most of them ({count}) and {highest} the highest "
            "share ({share} of {base})."
        ),
    ),
    "a_where_same": (
        (
            "Van de wijken die mogen worden getoond, heeft {most} er de meeste ({count}) en ook het hoogste "
            "aandeel ({share} van {base})."
        ),
        (
            "Of the districts that may be shown, {most} has most of them ({count}), and the highest share too "
            "({share} of {base})."
        ),
    ),
    "base_families": ("de gezinnen daar", "the families there"),
    "base_households": ("de huishoudens daar", "the households there"),
    "a_problems": (
        "van de gezinnen heeft {domain}. Het meest komen voor: {most}.",
        "of the families have {domain}. Most frequent: {most}.",
    ),
    "a_costs": (
        "per huishouden per jaar, in de groep {group}: {times} keer zoveel als in de groep {other} ({mean}).",
        "per household per year, in the group {group}: {times} times as much as in the group {other} ({mean}).",
    ),
    "a_costs_alone": (
        "per huishouden per jaar, in de groep {group}. Een bedrag om mee te vergelijken mag niet worden getoond.",
        "per household per year, in the group {group}. An amount to compare with may not be shown.",
    ),
    # sections
    "s_question": ("De vraag", "The question"),
    "question_lead": ("Het doel van deze studie, zoals de partijen het afspraken:", "As the parties agreed:"),
    "question_how": (
        (
            "Elke organisatie heeft in eigen huis van elk nummer en adres een code gemaakt, met een sleutel die het "
            "onderzoeksinstituut niet heeft. Het instituut ({linker}) heeft de bestanden aan die codes gekoppeld en "
            "geteld per huishouden. Een gezin is een huishouden met een minderjarige{adult} op de peildatum. "
            "Dit verslag is gemaakt uit vrijgegeven tabellen alleen."
        ),
        (
            "Each organisation turned every number and address into a code, in its own house, with a key that "
            "the research "
            "institute does not have. The institute ({linker}) joined the files on those codes and counted households. "
            "A family is a household with a minor{adult} on the reference date. "
            "This report was made from released tables alone."
        ),
    ),
    "with_adult": (" en een volwassene", " and an adult"),
    "s_where": ("Waar wonen deze gezinnen?", "Where do these families live?"),
    "missing_areas": ("Niet op de kaart, wel in de tabel: {areas}.", "Not on the map, but in the table: {areas}."),
    "s_problems": ("Welke problemen hebben gezinnen?", "Which problems do families have?"),
    "s_costs": ("Wat kost het?", "What does it cost?"),
    "costs_lead": (
        (
            "Kosten zijn gebruik maal prijs in een jaar. Het zijn schattingen met vaste prijzen, geen rekeningen; een "
            "hoger bedrag zegt niet waardoor het komt."
        ),
        (
            "Costs are use times price in one year. They are estimates with fixed prices, not bills; a higher amount "
            "does not tell what causes it."
        ),
    ),
    "costs_compared": (
        (
            "Een huishouden in de groep {group} kost gemiddeld {mean} per jaar; in de groep {other} is dat {less}: "
            "{times} keer zoveel."
        ),
        (
            "A household in the group {group} costs {mean} a year on average; in the group {other} that is {less}: "
            "{times} times as much."
        ),
    ),
    "s_case": ("De rekensom van de investering", "The sum of the investment"),
    "case_lead": (
        (
            "Dit is een berekening uit de aannamen van het protocol, geen bevinding: er is geen enkel gegeven van "
            "huishoudens voor gebruikt. Aannamen: {households} huishoudens, {cost} kosten en {saving} netto "
            "besparing per "
            "huishouden (per jaar), {interest} rente over elke lening, eenmaal."
        ),
        (
            "This is a calculation from the assumptions of the protocol, not a finding: no data of households "
            "were used. "
            "Assumptions: {households} households, {cost} cost and {saving} net saving (a year) per household, "
            "{interest} "
            "interest on each loan, once."
        ),
    ),
    "case_caption": ("Investering en besparing per jaar", "Investment and saving per year"),
    "case_year": ("Jaar", "Year"),
    "case_started": ("Huishoudens die beginnen", "Households that start"),
    "case_outlay": ("Kosten", "Cost"),
    "case_interest": ("Rente, hoogstens", "Interest, at most"),
    "case_saving": ("Netto besparing", "Net saving"),
    "all": ("Alles", "All"),
    "s_elsewhere": ("En elders?", "And elsewhere?"),
    "elsewhere_lead": (
        "De cijfers van andere gemeenten zijn overgenomen zoals die ze gaven; ze zijn niet nagerekend.",
        "The figures of other municipalities are as those gave them; they were not checked.",
    ),
    "s_quality": ("Hoe goed is de koppeling?", "How good is the linkage?"),
    "quality_lead": (
        "Wat niet te koppelen was, telt nergens mee: dan is een aantal in dit verslag eerder te laag dan te hoog.",
        "What could not be linked counts nowhere: a number in this report is then too low rather than too high.",
    ),
    "s_method": ("Hoe is het gedaan?", "How was it done?"),
    "deliveries": ("Wie leverde wat, en waarvoor", "Who delivered what, and why"),
    "delivery": ("Levering", "Delivery"),
    "purpose": ("Waarvoor", "Why"),
    "by_whom": ("Door", "By"),
    "nobody": ("niet geleverd", "not delivered"),
    "domains": ("Wat telt als probleem", "What counts as a problem"),
    "domains_lead": (
        "Een gezin heeft een probleem op een gebied als minstens een van deze dingen zo is:",
        "A family has a problem in a domain when at least one of these is the case:",
    ),
    "definitions": ("Omschrijvingen", "Definitions"),
    "definition_parts": ("alles van: {parts}", "all of: {parts}"),
    "same_person": ("bij een en dezelfde persoon: {parts}", "in one and the same person: {parts}"),
    "readings": ("Keuzen bij de uitleg van de methode", "Choices in reading the method"),
    "reading": ("Nummer", "Number"),
    "topic": ("Waarover", "About"),
    "adopted": ("Gekozen", "Chosen"),
    "release_rule": ("Wat niet wordt getoond", "What is not shown"),
    "release_text": (
        (
            "Een aantal van 1 tot en met {most} huishoudens wordt {star}. Andere aantallen worden {star} waar "
            "dat nodig is: "
            "wie alle tabellen naast elkaar legt, houdt voor elk klein aantal een ruimte van minstens {width} "
            "over. Een "
            "bedrag dat voor meer dan {dominance} van een huishouden komt, of van minder dan {threshold} "
            "huishoudens, wordt "
            "niet getoond. Percentages zijn berekend uit getoonde aantallen. In figuren is het gearceerd."
        ),
        (
            "A count of 1 to {most} households becomes {star}. Other counts become {star} where needed: whoever "
            "lays all "
            "tables side by side is left with at least {width} of room for each small count. An amount of which "
            "more than "
            "{dominance} comes from one household, or that comes from fewer than {threshold}, is not shown. "
            "Percentages were "
            "computed from shown counts. In figures it is hatched."
        ),
    ),
    "zero_shown": ("Nul wordt getoond.", "Zero is shown."),
    "zero_hidden": ("Nul wordt niet getoond.", "Zero is not shown."),
    "legal_basis": ("Grondslag", "Legal basis"),
    "retention": ("Gegevens bewaard tot", "Data kept until"),
    "s_tables": ("Alle tabellen", "All tables"),
    "s_account": ("Verantwoording", "Account"),
    "account_protocol": ("Protocol", "Protocol"),
    "account_source": ("Bron van de methode", "Source of the method"),
    "account_released": ("Tabellen vrijgegeven op", "Tables released on"),
    "account_digest": ("Kenmerk van het protocol", "Digest of the protocol"),
    "account_ledger": ("Regel in het logboek van uitgiften", "Line in the ledger of releases"),
    "account_tables": ("Tabellen", "Tables"),
    # figures
    "f_map_alt": (
        "Kaart per wijk, {base}. Hoogst: {highest}. Laagst: {lowest}. {hidden}",
        "Map per district, {base}. Highest: {highest}. Lowest: {lowest}. {hidden}",
    ),
    "f_bars_alt": (
        "Staven per wijk, {base}. Hoogst: {highest}. Laagst: {lowest}. {hidden}",
        "Bars per district, {base}. Highest: {highest}. Lowest: {lowest}. {hidden}",
    ),
    "f_none_shown": ("Geen enkele wijk mag worden getoond.", "No district may be shown."),
    "share_of_families": ("% van de gezinnen", "% of the families"),
    "share_of_households": ("% van de huishoudens", "% of the households"),
    "n_hidden": ("Onderdrukt: {n} van {all}.", "Suppressed: {n} of {all}."),
    "f_domain_maps": ("Minstens een probleem, per gebied en per wijk", "At least one problem, per domain and district"),
    "f_domain_maps_alt": ("Kaart per probleemgebied. {each}", "A map per problem domain. {each}"),
    "f_domain_each": ("{title}: hoogst {highest}, laagst {lowest}.", "{title}: highest {highest}, lowest {lowest}."),
    "legend_hidden": ("onderdrukt", "suppressed"),
    "legend_no_data": ("geen gegevens", "no data"),
    "legend_less": ("minder dan {high}", "less than {high}"),
    "legend_between": ("{low} tot {high}", "{low} to {high}"),
    "legend_more": ("{low} of meer", "{low} or more"),
    "f_problems": ("Hoe vaak elk probleem voorkomt", "How often each problem occurs"),
    "f_problems_alt": (
        "Staven per probleem, in % van de gezinnen. Het meest: {most}. {hidden}",
        "Bars per problem, in % of the families. Most: {most}. {hidden}",
    ),
    "f_problems_axis": ("% van de gezinnen", "% of the families"),
    "f_upset": ("Welke gebieden samengaan", "Which domains go together"),
    "f_upset_alt": (
        "Aantal gezinnen met problemen in precies deze gebieden. {each}. {hidden}",
        "Number of families with problems in exactly these domains. {each}. {hidden}",
    ),
    "f_upset_caption": (
        (
            "Elke kolom is een combinatie van gebieden: de zwarte stippen zeggen welke, de staaf hoeveel "
            "gezinnen precies "
            "die combinatie hebben. Alle gebieden tegelijk: {all}. {hidden}"
        ),
        (
            "Each column is a combination of domains: the black dots tell which, the bar how many families have "
            "exactly that "
            "combination. All domains at once: {all}. {hidden}"
        ),
    ),
    "f_upset_axis": ("Gezinnen met precies deze combinatie", "Families with exactly this combination"),
    "f_upset_sizes": ("Alle met dit gebied", "All with this domain"),
    "f_upset_table": (
        "Gezinnen met problemen in precies deze gebieden",
        "Families with problems in exactly these domains",
    ),
    "f_upset_combination": ("Gebieden", "Domains"),
    "families": ("Gezinnen", "Families"),
    "upset_none": (
        "De overlap is niet getekend: van een deel is onbekend of zij een probleem hebben.",
        "The overlap is not drawn: of some it is not known whether they have a problem.",
    ),
    "f_stacking": ("Hoeveel problemen tegelijk, per gebied", "How many problems at once, per domain"),
    "f_stacking_alt": (
        "Gestapelde staven: gezinnen met een of meer problemen, naar aantal. {each} {hidden}",
        "Stacked bars: families with one or more problems, by number. {each} {hidden}",
    ),
    "f_stacking_caption": (
        (
            "Gezinnen zonder probleem op het gebied zijn niet getekend; aan het eind staat hoeveel er een of "
            "meer hebben. "
            "Van gearceerde stukken is alleen de som getekend. {hidden}"
        ),
        (
            "Families without a problem in the domain are not drawn; at the end stands how many have one or "
            "more. Of hatched "
            "pieces only the sum is drawn. {hidden}"
        ),
    ),
    "f_stacking_axis": ("Gezinnen met minstens een probleem", "Families with at least one problem"),
    "problem_1": ("{n} probleem", "{n} problem"),
    "problem_n": ("{n} problemen", "{n} problems"),
    "f_costs_alt": (
        "Gestapelde staven per groep, in euro per huishouden per jaar. {each} {hidden}",
        "Stacked bars per group, in euros per household per year. {each} {hidden}",
    ),
    "f_costs_caption": (
        "Gemiddelde per huishouden in de groep, per jaar; aan het eind van de staaf staat alles samen. {hidden}",
        "Mean per household in the group, per year; at the end of the bar stands all together. {hidden}",
    ),
    "f_costs_axis": ("Euro per huishouden per jaar", "Euros per household per year"),
    "f_tornado": ("Als een aanname anders was: {group}", "If an assumption were different: {group}"),
    "f_tornado_alt": (
        "Tornado. Basis {base}. Grootste verschil: {most}. {hidden}",
        "Tornado. Base {base}. Largest difference: {most}. {hidden}",
    ),
    "f_tornado_none": ("geen enkel verschil is getoond", "no difference is shown"),
    "f_tornado_axis": ("Verschil met de basis ({base}), in euro", "Difference from the base ({base}), in euros"),
    "f_quality": ("Gekoppelde rijen, per levering en houder", "Linked rows, per delivery and holder"),
    "f_quality_alt": (
        "Gestapelde staven: percentage van de rijen dat is gekoppeld. {each} {hidden}",
        "Stacked bars: percentage of the rows that was linked. {each} {hidden}",
    ),
    "f_quality_caption": (
        "Aan het eind van elke staaf staat hoeveel procent is gekoppeld, langs welke weg ook. {hidden}",
        "At the end of each bar stands the percentage that was linked, by whichever way. {hidden}",
    ),
    "f_quality_axis": ("% van de rijen", "% of the rows"),
    "rest_hidden": ("niet apart te tonen", "not shown apart"),
    "other_parts": ("overige", "other"),
}


@dataclass(frozen=True)
class Words:
    """The texts in one language. KeyError for an unknown one, or where something to put in is missing."""

    language: Language

    def __call__(self, key: str, /, **values: object) -> Markup:
        """For the page: what is put in is escaped, unless it is mark-up already."""
        return Markup(self._text(key)).format(**values)  # noqa: S704 -- TEXTS is ours, and format escapes the rest

    def plain(self, key: str, /, **values: object) -> str:
        """For a figure or an attribute: no mark-up."""
        return self._text(key).format(**values)

    def _text(self, key: str) -> str:
        return TEXTS[key][0 if self.language == "nl" else 1]

    def own(self, term: str) -> Markup:
        """A term of the protocol or study, marked as Dutch in an English page."""
        return Markup('<span lang="nl">{}</span>').format(term) if self.language == "en" else Markup("{}").format(term)

    def listed(self, parts: list[str] | list[Markup]) -> Markup:
        """a, b and c."""
        if len(parts) < 2:
            return Markup("").join(parts)
        return Markup("{} {} {}").format(Markup(", ").join(parts[:-1]), self._text("and"), parts[-1])

    def listed_plain(self, parts: list[str]) -> str:
        """As `listed`, for a figure or an attribute."""
        return " ".join((", ".join(parts[:-1]), self._text("and"), parts[-1])) if len(parts) > 1 else "".join(parts)
