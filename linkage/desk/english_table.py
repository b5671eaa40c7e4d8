"""Dutch to English for `english.py`: `{}` stands for a name, a number or a phrase, in the same order in both."""

from __future__ import annotations

from collections.abc import Mapping

_FILES: Mapping[str, str] = {
    "dat bestand is er niet; kies het in de lijst": "that file is not there; choose it in the list",
    "dat bestand staat buiten uw eigen map; zet het in uw eigen map, en kies het dan": (
        "that file is outside your own folder; put it in your own folder, and choose it then"
    ),
    "die map is niet te openen; kies een andere map": "that folder cannot be opened; choose another folder",
    "slepen werkt niet op deze computer; kies het bestand in de lijst": (
        "dragging does not work on this computer; choose the file in the list"
    ),
    "het bestand past niet in het geheugen; kies het in de lijst": (
        "the file does not fit in memory; choose it in the list"
    ),
    "{} is leeg; maak de export opnieuw": "{} is empty; make the export again",
    "{} is niet te openen; controleer het pad en de rechten": "{} cannot be opened; check the path and the permissions",
    "{} is niet te openen; sluit het in andere programma's": "{} cannot be opened; close it in other programs",
    "{} is er niet meer; kies de export opnieuw": "{} is no longer there; choose the export again",
    "{} is veranderd nadat u het overzicht zag; kies de export opnieuw": (
        "{} changed after you saw the overview; choose the export again"
    ),
    "{} kon niet verder worden gelezen; probeer het opnieuw": "{} could not be read any further; try again",
    "{} is {}; open het in Excel, bewaar het als .xlsx, en kies het opnieuw": (
        "{} is {}; open it in Excel, save it as .xlsx, and choose it again"
    ),
    "{} is geen CSV, Excel, Parquet of SPSS; kies de export zelf": (
        "{} is no CSV, Excel, Parquet or SPSS; choose the export itself"
    ),
    "{} is niet te lezen: het bestand is beschadigd, of veel te groot; maak de export opnieuw, of bewaar hem als CSV "
    "UTF-8": "{} cannot be read: the file is damaged, or far too large; make the export again, or save it as CSV UTF-8",
    "{} is beschadigd; maak de export opnieuw": "{} is damaged; make the export again",
    "{} is niet te lezen als Parquet; maak de export opnieuw": "{} cannot be read as Parquet; make the export again",
    "{} is beschadigd voorbij rij {}; maak de export opnieuw": "{} is damaged beyond row {}; make the export again",
    "{} is niet te lezen als SPSS-bestand: het is beschadigd, of niet heel; bewaar het opnieuw vanuit SPSS, of als "
    "CSV": "{} cannot be read as an SPSS file: it is damaged, or not whole; save it again from SPSS, or as CSV",
    'voor SPSS is een extra nodig; installeer het met: pip install "household-linkage[spss]", of bewaar de export als '
    "CSV": ('SPSS needs an extra; install it with: pip install "household-linkage[spss]", or save the export as CSV'),
}
_WORKBOOKS: Mapping[str, str] = {
    "{} is niet te lezen als Excel; open het in Excel, bewaar het als .xlsx, en kies het opnieuw": (
        "{} cannot be read as Excel; open it in Excel, save it as .xlsx, and choose it again"
    ),
    "{} is niet te lezen als Excel; haal een wachtwoord eraf, of controleer of het blad bestaat": (
        "{} cannot be read as Excel; take off a password, or check that the sheet exists"
    ),
    "{} is een binaire werkmap (.xlsb), waarin foutmeldingen van Excel niet zijn te zien; bewaar het in Excel als "
    ".xlsx, en kies het opnieuw": (
        "{} is a binary workbook (.xlsb), in which errors of Excel cannot be seen; save it in Excel as .xlsx, and "
        "choose it again"
    ),
    "{} is niet heel als Excel-bestand; bewaar het opnieuw vanuit Excel": (
        "{} is not whole as an Excel file; save it again from Excel"
    ),
    '{} is van een oude soort; bewaar het in Excel als .xlsx, of installeer: pip install "household-linkage[excel]"': (
        '{} is of an old kind; save it in Excel as .xlsx, or install: pip install "household-linkage[excel]"'
    ),
    "{}: het blad heeft geen kopregel in rij {}; pas sheet of header_row aan in de studie": (
        "{}: the sheet has no column names in row {}; change sheet or header_row in the study"
    ),
    "{}: het blad `{}` is er niet (er zijn er {}); geef --sheet met de naam van het goede blad, of laat sheet "
    "aanpassen "
    "in de studie": (
        "{}: the sheet `{}` is not there (there are {}); give --sheet with the name of the right sheet, or have sheet "
        "changed in the study"
    ),
    "{}: de kolomnamen staan in rij {}, en niet in rij {}; geef --header-row {}, of laat header_row aanpassen in de "
    "studie": (
        "{}: the column names are in row {}, and not in row {}; give --header-row {}, or have header_row "
        "changed in the "
        "study"
    ),
    "{}, rij {}: in kolom `{}` staat een foutmelding van Excel, zoals #N/B{}; herstel die cellen en bewaar het bestand "
    "opnieuw": (
        "{}, row {}: in column `{}` there is an error of Excel, such as #N/A{}; mend those cells and save the "
        "file again"
    ),
    "{} heeft een wachtwoord; geef het wachtwoord waarmee u het in Excel opent": (
        "{} has a password; give the password with which you open it in Excel"
    ),
    "het wachtwoord van {} past niet; let op hoofdletters, en probeer het opnieuw": (
        "the password of {} does not fit; mind the capitals, and try again"
    ),
    '{} heeft een wachtwoord; haal het er in Excel af, of installeer: pip install "household-linkage[excel]"': (
        '{} has a password; take it off in Excel, or install: pip install "household-linkage[excel]"'
    ),
    "{} heeft een wachtwoord en is beschadigd; bewaar het opnieuw vanuit Excel, zonder wachtwoord": (
        "{} has a password and is damaged; save it again from Excel, without a password"
    ),
}
_TEXTS: Mapping[str, str] = {
    "{} heeft geen kopregel in rij {}; zet daar de kolomnamen, of pas header_row aan in de studie": (
        "{} has no column names in row {}; put them there, or change header_row in the study"
    ),
    "{}: ergens in rij {} t/m {} klopt de opmaak niet; bewaar de export als Excel (.xlsx)": (
        "{}: somewhere in rows {} to {} the layout is not right; save the export as Excel (.xlsx)"
    ),
    "{} is geen {}; bewaar de export als CSV UTF-8, of als Excel (.xlsx)": (
        "{} is no {}; save the export as CSV UTF-8, or as Excel (.xlsx)"
    ),
    "{} heeft de regeleinden van een oude Mac; bewaar de export als CSV UTF-8, of als Excel (.xlsx)": (
        "{} has the line ends of an old Mac; save the export as CSV UTF-8, or as Excel (.xlsx)"
    ),
    "{}, rij {}: er staat een los aanhalingsteken in een cel; herstel die rij, of bewaar de export als Excel (.xlsx)": (
        "{}, row {}: there is a loose quotation mark in a cell; mend that row, or save the export as Excel (.xlsx)"
    ),
    "{}, rij {}: een aanhalingsteken wordt niet gesloten; herstel die rij, of bewaar de export als Excel (.xlsx)": (
        "{}, row {}: a quotation mark is not closed; mend that row, or save the export as Excel (.xlsx)"
    ),
    "{}, rij {}: {} waar de kopregel er {} heeft; herstel die rij, of bewaar de export als Excel (.xlsx)": (
        "{}, row {}: {} where the row of names has {}; mend that row, or save the export as Excel (.xlsx)"
    ),
    "{}, rij {} t/m {}: bijna alles is leeg; haal de lege rijen en kolommen weg": (
        "{}, rows {} to {}: nearly everything is empty; take away the empty rows and columns"
    ),
    "{}, rij {}: deze rij heeft meer dan {} miljoen tekens; maak de export opnieuw": (
        "{}, row {}: this row has more than {} million characters; make the export again"
    ),
    "{}, rij {}: een cel heeft meer dan {} tekens; herstel die rij": (
        "{}, row {}: a cell has more than {} characters; mend that row"
    ),
    "{} heeft te lange cellen om te verwerken; maak de export opnieuw": (
        "{} has cells that are too long to work with; make the export again"
    ),
}
_DATABASES: Mapping[str, str] = {
    "de database is niet gevonden: geef de naam van een gegevensbron (DSN), of een bestand met de verbindingsgegevens "
    "dat alleen u kunt lezen (chmod 600); typ nooit een wachtwoord in de opdracht": (
        "the database was not found: give the name of a data source (DSN), or a file with the connection that only you "
        "can read (chmod 600); never type a password in the command"
    ),
    "{}: zet op elke regel een naam, een = en een waarde, zoals Server=gegevens.voorbeeld.nl": (
        "{}: write a name, an = and a value on each line, such as Server=data.example.nl"
    ),
    "{} is niet te lezen; zet er de verbindingsgegevens in, in UTF-8": (
        "{} cannot be read; put the connection in it, in UTF-8"
    ),
    "{} is niet te lezen; zet de query erin als tekst, in UTF-8": (
        "{} cannot be read; put the query in it as text, in UTF-8"
    ),
    "{}: de query begint met SELECT of WITH, en is niet langer dan 64 kB; pas dat aan": (
        "{}: the query begins with SELECT or WITH, and is no longer than 64 kB; change that"
    ),
    "{}: de query mag alleen vragen, in een opdracht; haal weg wat gegevens verandert (zet een kolom die zo "
    "heet tussen "
    "aanhalingstekens)": (
        "{}: the query may only ask, in one command; take away what changes data (put a column of that name between "
        "quotation marks)"
    ),
    "{}: geef elke kolom in de query een eigen naam, met AS": (
        "{}: give each column in the query a name of its own, with AS"
    ),
    "{}: een cel heeft meer dan {} tekens; vraag in de query alleen de kolommen die nodig zijn": (
        "{}: a cell has more than {} characters; ask only the columns that are needed in the query"
    ),
    "de verbinding met databases (ODBC) ontbreekt; {}": "the connection with databases (ODBC) is missing; {}",
}
# What a database answered; each also with the five characters of its state behind it.
_ANSWERS: Mapping[str, str] = {
    "{}: deze gegevensbron (DSN) is er niet; vraag systeembeheer naar de naam": (
        "{}: this data source (DSN) is not there; ask your system administrator for its name"
    ),
    "{}: het stuurprogramma (driver) is er niet; laat systeembeheer het installeren": (
        "{}: the driver is not there; have your system administrator install it"
    ),
    "{}: de database is niet te bereiken; staat hij aan, en mag deze computer erbij?": (
        "{}: the database cannot be reached; is it on, and may this computer reach it?"
    ),
    "{}: de database laat u niet toe; controleer uw naam en wachtwoord": (
        "{}: the database does not admit you; check your name and password"
    ),
    "{}: een tabel uit de query is er niet; controleer de query": (
        "{}: a table of the query is not there; check the query"
    ),
    "{}: een kolom uit de query is er niet; controleer de query": (
        "{}: a column of the query is not there; check the query"
    ),
    "{}: de query is niet goed, of u mag deze tabel niet lezen; controleer de query": (
        "{}: the query is not right, or you may not read this table; check the query"
    ),
    "{}: de database antwoordt niet op tijd; probeer het later, of vraag minder": (
        "{}: the database does not answer in time; try later, or ask less"
    ),
    "{}: de database gaf een fout; laat systeembeheer de query proberen": (
        "{}: the database gave an error; have your system administrator try the query"
    ),
}
_COLUMNS: Mapping[str, str] = {
    "{}: in rij {} staan geen kolomnamen; kies een andere rij of een ander blad, of kies een andere export": (
        "{}: there are no column names in row {}; choose another row or another sheet, or choose another export"
    ),
    "{} heeft {} kolommen, en er kunnen er hoogstens {} zijn; maak een export met alleen de kolommen die nodig zijn": (
        "{} has {} columns, and there can be {} at most; make an export with only the columns that are needed"
    ),
    "{} heeft {} kolommen, en er kunnen er hoogstens {} zijn; maak de export opnieuw": (
        "{} has {} columns, and there can be {} at most; make the export again"
    ),
    "{}: {} niet in de kopregel (daar staan er {}); vergelijk de kopregel van de export met [holder.columns] en "
    "[holder.format] in de studie": (
        "{}: {} not in the row of names (there are {} in it); compare that row of the export with [holder.columns] and "
        "[holder.format] in the study"
    ),
    "{}: er zijn meer kolommen met de naam `{}`; geef ze in de export elk een eigen naam": (
        "{}: there are more columns with the name `{}`; give each a name of its own in the export"
    ),
    "{}: in kolom `{}` staan geen teksten, getallen of datums; maak de export opnieuw, met in elke cel een waarde": (
        "{}: column `{}` holds no texts, numbers or dates; make the export again, with a value in each cell"
    ),
    "kies nog een kolom voor {}. Staat die niet in uw export? Maak dan een nieuwe export, of meld het de "
    "studieleider": (
        "choose a column for {} too. Is it not in your export? Then make a new export, or tell the study leader"
    ),
    "u koos een kolom voor twee dingen; geef elk zijn eigen kolom": (
        "you chose one column for two things; give each a column of its own"
    ),
    "{}: {}. Er is niets geschreven; controleer in de studie welke kolom is gekoppeld, en overleg met wie de studie "
    "beheert": (
        "{}: {}. Nothing was written; check in the study which column was chosen, and ask who manages the study"
    ),
    "de studie: de afgesproken woorden van {} zijn {} ({} van {}); overleg met wie de studie beheert, en lever niets": (
        "the study: the agreed words of {} are {} ({} of {}); ask who manages the study, and deliver nothing"
    ),
    "{}. Herstel de export, of meld de nieuwe woorden aan wie de studie beheert": (
        "{}. Mend the export, or tell who manages the study of the new words"
    ),
}
_ROWS: Mapping[str, str] = {
    "{}: rij {} t/m {} zijn niet te verwerken; meld dit aan wie de studie beheert": (
        "{}: rows {} to {} cannot be worked with; tell who manages the study"
    ),
    "{}: geen enkele rij kan mee{}; is dit de goede export, en kloppen de kolommen in de studie?": (
        "{}: no row can leave{}; is this the right export, and are the columns in the study right?"
    ),
    "{}: {} van {} rijen zijn onbruikbaar{}; het protocol staat {}% toe. Kloppen de kolommen in de studie? Herstel de "
    "export, of overleg met wie de studie beheert": (
        "{}: {} of {} rows cannot be used{}; the protocol allows {}%. Are the columns in the study right? Mend the "
        "export, or ask who manages the study"
    ),
    "deze levering wijst mensen te precies aan: wie {} van {} kent, kiest te vaak de goede ({}{}; de studie staat {} "
    "toe). Er is geen pakket gemaakt. Laat de beheerder van de studie voor deze kolommen bredere klassen, een grotere "
    "stap (`step`) of een lager maximum (`at_most`) afspreken, of ze weglaten; de cijfers staan op de bladzijde van: "
    "linkage assess": (
        "this delivery points people out too precisely: who knows {} of {} picks the right one too often ({}{}; the "
        "study allows {}). No package was made. Have who manages the study agree on wider classes, a larger step "
        "(`step`) or a lower maximum (`at_most`) for these columns, or leave them out; the figures are on the page of: "
        "linkage assess"
    ),
}
_STUDY_AND_KEYS: Mapping[str, str] = {
    "de studie is nog niet af: de hoofdsleutel ontbreekt erin. Vraag de laatste versie aan de studieleider": (
        "the study is not ready yet: the root key is missing in it. Ask the study leader for the latest version"
    ),
    "in de studie ontbreekt [root]; vraag de studie met de gegevens van de hoofdsleutel": (
        "[root] is missing in the study; ask for the study with what it says of the root key"
    ),
    "{} is niet de sleutel van een houder in deze studie; zet uw eigen sleutel naast de studie": (
        "{} is not the key of a holder in this study; put your own key beside the study"
    ),
    "de studie kent geen houder {} met levering {}; kijk in de studie onder [[holder]]": (
        "the study has no holder {} with delivery {}; look in the study under [[holder]]"
    ),
    "deze identiteit is niet die van {} in de studie; neem het goede bestand of de goede studie": (
        "this identity is not that of {} in the study; take the right file or the right study"
    ),
    "deze hoofdsleutel is niet die van de studie; vraag de goede hoofdsleutel aan de andere houders": (
        "this root key is not that of the study; ask the other holders for the right one"
    ),
    "een van uw sleutels hoort niet bij deze studie; vraag de goede hoofdsleutel aan een andere houder": (
        "one of your keys does not belong to this study; ask another holder for the right root key"
    ),
    "volgens de klok is het nog voor de peildatum van de studie; zet de klok van uw computer goed": (
        "by the clock it is still before the reference date of the study; set the clock of your computer right"
    ),
    "de bewaartermijn van de studie is voorbij; er mag niets meer worden geleverd": (
        "the retention period of the study is over; nothing may be delivered any more"
    ),
    "anderen kunnen {} lezen; voer uit: chmod 600 {}": "others can read {}; run: chmod 600 {}",
    "{} is niet te lezen; controleer het pad en de rechten": "{} cannot be read; check the path and the permissions",
    "{} is geen heel sleutelbestand; zet de reservekopie terug": "{} is no whole key file; put back the backup copy",
    "{} is een bijdrage voor een andere afspraak of houder; neem het goede bestand": (
        "{} is a contribution to another agreement or of another holder; take the right file"
    ),
    "{} is de hoofdsleutel van een andere studie; neem die van deze studie": (
        "{} is the root key of another study; take that of this study"
    ),
    "{} is een ander soort sleutel; nodig is: {}": "{} is another kind of key; needed is: {}",
    "{} heeft een wachtwoord; geef het bij de vraag of met --passphrase-file": (
        "{} has a passphrase; give it when asked, or with --passphrase-file"
    ),
    "een wachtwoord heeft ten minste {} tekens; neem liever een zin": (
        "a passphrase has at least {} characters; rather take a sentence"
    ),
    "het wachtwoord past niet op {}; probeer het opnieuw": "the passphrase does not fit {}; try again",
    "een publieke sleutel ({}) is niet heel; neem de regel opnieuw over": (
        "a public key ({}) is not whole; copy the line again"
    ),
    "de handtekening klopt niet: het bestand is veranderd of met een andere sleutel gemaakt; vergelijk de publieke "
    "sleutel van de houder met die in de studie": (
        "the signature is not right: the file was changed, or made with another key; compare the public key of the "
        "holder with that in the study"
    ),
}
_OUTPUT: Mapping[str, str] = {
    "de balie is nog bezig met uw export; wacht tot dat klaar is, of breek het af": (
        "the desk is still busy with your export; wait until that is ready, or cancel it"
    ),
    "het pakket kan niet worden geschreven; maak ruimte op de schijf en begin opnieuw": (
        "the package cannot be written; make room on the disk and begin again"
    ),
    "het tussenbestand is op de schijf beschadigd; begin opnieuw": (
        "the file in between was damaged on the disk; begin again"
    ),
    "{} kan niet worden geschreven ({}); maak ruimte of controleer de rechten": (
        "{} cannot be written ({}); make room or check the permissions"
    ),
    "{} bestaat al; kies een andere naam of haal het bestand zelf weg": (
        "{} already exists; choose another name or take the file away yourself"
    ),
    "{} bestaat al en is geen pakket; kies een andere naam": "{} already exists and is no package; choose another name",
    "--output {} is een van uw eigen bestanden; kies een andere naam": (
        "--output {} is one of your own files; choose another name"
    ),
    "deze installatie rekent pseudoniemen niet goed uit; installeer het programma opnieuw en meld het de beheerder": (
        "this installation computes wrong pseudonyms; install the program again and tell the administrator"
    ),
    "de snelle rekenwijze vraagt numba; doe: pip install 'household-linkage[fast]'": (
        "the fast route needs numba; run: pip install 'household-linkage[fast]'"
    ),
    "onverwachte fout in het programma ({}, {}); meld deze regel aan de beheerder": (
        "an unforeseen error in the program ({}, {}); give this line to the administrator"
    ),
}
MESSAGES: Mapping[str, str] = {
    **_FILES,
    **_WORKBOOKS,
    **_TEXTS,
    **_DATABASES,
    **_ANSWERS,
    **{f"{dutch} (ODBC {{}})": f"{english} (ODBC {{}})" for dutch, english in _ANSWERS.items()},
    **_COLUMNS,
    **_ROWS,
    **_STUDY_AND_KEYS,
    **_OUTPUT,
}
# What can stand in a hole.
PHRASES: Mapping[str, str] = {
    "een PDF": "a PDF",
    "een tekstdocument": "a text document",
    "een webpagina of XML": "a web page or XML",
    "1 veld": "1 field",
    "{} velden": "{} fields",
    "de kolom {} staat": "the column {} is",
    "de kolommen {} staan": "the columns {} are",
    " (en zo zijn er nog {})": " (and {} more like it)",
    'installeer haar met: pip install "household-linkage[database]"': (
        'install it with: pip install "household-linkage[database]"'
    ),
    "installeer unixODBC met: sudo apt install unixodbc": "install unixODBC with: sudo apt install unixodbc",
    "kolom `{}` ({}): 1 cel heeft een woord dat niet is afgesproken (rij {})": (
        "column `{}` ({}): 1 cell has a word that was not agreed (row {})"
    ),
    "kolom `{}` ({}): {} cellen hebben een woord dat niet is afgesproken (rij {})": (
        "column `{}` ({}): {} cells have a word that was not agreed (rows {})"
    ),
    "kolom `{}` ({}) bevat {} ({} van {} gevulde cellen, {}%)": "column `{}` ({}) holds {} ({} of {} filled "
    "cells, {}%)",
    "BSN's": "BSNs",
    "A-nummers": "A-numbers",
    "postcodes": "postcodes",
    "rekeningnummers (IBAN)": "account numbers (IBAN)",
    "telefoonnummers": "telephone numbers",
    "e-mailadressen": "e-mail addresses",
    "datums": "dates",
    "vrije tekst": "free text",
    " ({})": " ({})",
    "{} x {}": "{} x {}",
    "een kenmerk": "one fact",
    "twee kenmerken": "two facts",
    "een persoon": "a person",
    "een adres": "an address",
    "{} met {}: {}": "{} with {}: {}",
    " (en nog {})": " (and {} more)",
    "de schijf is vol": "the disk is full",
    "uw schijfruimte is op": "your room on the disk is used up",
    "u hebt daar geen schrijfrechten": "you may not write there",
    "de schijf is alleen te lezen": "the disk is read-only",
    "de map bestaat niet": "the folder does not exist",
    "daar staat een map met die naam": "there is a folder with that name",
    "het besturingssysteem weigert": "the operating system refuses",
}
