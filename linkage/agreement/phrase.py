"""The check phrase that holders read to each other: nine words of a list of 256, 72 bits (key-agreement-v1, section 6).

The words are common Dutch ones of four to nine letters; no two begin with the same four letters, and from any word to
another at least three letters change.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from linkage.derive import pae
from linkage.keys import RootKey

WORDS_IN_PHRASE = 9
_PHRASE = b"household-linkage/key-agreement/phrase/v1"

_LIST = """
aardbei abrikoos adelaar akker ananas appel aquarium arend armband asperge aubergine augustus azijn baken
bakplaat baksteen bamboe banaan basilicum batterij begonia beitel berk beton bever bieslook bloem boterham
bretels brood brug buizerd bureau cactus camera cashew ceintuur cello cement chocolade cipres cirkel citroen
computer courgette dadel dahlia dakpan december deegrol diamant dijk dirigent distel dolfijn donder dorp draad
druif echo egel eiland ekster emmer erwt esdoorn fabriek familie fazant februari feest film flamingo fluit
fontein forel fornuis gans garage garnaal gazon geranium giraf gitaar gordijn goud gulden haan hagelslag
handdoek haring hazelnoot hefboom hekwerk helling herfst heuvel horizon horloge hortensia hyacint iglo ijsbeer
ijzer inkt jaguar jasmijn juli juwelier kaars kachel kanarie kapitein karnemelk karper kasteel katrol kelder
ketting klarinet klaver klok knoflook koelkast koffie komeet kompas konijn koraal krant kreeft krokodil
kruiwagen kubus kwartel ladder lamp lantaarn laurier leeuw lelie lijster limonade linde lucht lucifer lynx
magneet mandarijn mango mantel matras meloen metro mimosa mossel motor muis muziek naald narcis nijptang noot
november oceaan ochtend octopus oktober oleander oliebol olifant olijf oogst oorwarmer otter oven overhemd panda
papegaai paprika paraplu pauw pelikaan perzik petunia piano pindakaas pinguin pioen piraat pistache planeet
pleister poedel pollepel pompoen populier potlood prei puzzel pyjama radijs reiger rijst rivier roeiboot rucola
rugzak saffier sandaal schaap schildpad schoenen schroef sleutel slinger spiegel spin stad stoel stropdas suiker
tapijt tasje telefoon tempel tent theepot timmerman tomaat tractor trommel truffel tunnel turkoois valk vanille
verfkwast vergiet viool vlag vleermuis vulkaan vuur waaier walnoot walvis waterpas wereld wielen winter yoghurt
zebra zilver zuivel zwembad
"""
WORDS = tuple(_LIST.split())


def check_phrase(root: RootKey, transcript: bytes) -> tuple[str, ...]:
    """Nine words that follow from the root and all that led to it, and say nothing about the root."""
    info = pae(_PHRASE, transcript, root.key_id.encode("ascii"))
    drawn = HKDFExpand(algorithm=hashes.SHA256(), length=WORDS_IN_PHRASE, info=info).derive(root.secret)
    return tuple(WORDS[byte] for byte in drawn)
