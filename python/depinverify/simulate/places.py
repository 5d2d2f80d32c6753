"""Places where simulated devices and validators stand: real H3 cells, so no grid library is needed.

``km`` is the place on a sphere of 6371.007 km in whole kilometres, for round trips that obey the speed of
light.
"""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["PLACES", "Place", "chord_km"]


class Place(NamedTuple):
    """One cell with its centre in 10^-7 degrees."""

    name: str
    cell: str
    lat_e7: int
    lon_e7: int
    km: tuple[int, int, int]


def chord_km(one: Place, other: Place) -> int:
    """Straight distance of two places in kilometres, rounded down."""
    return math.isqrt(sum((a - b) ** 2 for a, b in zip(one.km, other.km, strict=True)))


PLACES = (
    Place("Lisbon", "873933676ffffff", 387192859, -91270391, (4908, -788, 3985)),
    Place("Madrid", "87390cb1bffffff", 404207054, -37022663, (4840, -313, 4131)),
    Place("Paris", "871fb4662ffffff", 488599906, 23589715, (4188, 173, 4798)),
    Place("London", "87195da49ffffff", 515097142, -1425199, (3965, -10, 4987)),
    Place("Amsterdam", "871969c9bffffff", 523776887, 48934437, (3875, 332, 5046)),
    Place("Berlin", "871f1d489ffffff", 525257485, 134090618, (3770, 899, 5056)),
    Place("Zurich", "871f8ed95ffffff", 473786665, 85454929, (4266, 641, 4688)),
    Place("Milan", "871f99cd8ffffff", 454516233, 91815555, (4412, 713, 4540)),
    Place("Vienna", "871e15b71ffffff", 482125624, 163625977, (4073, 1196, 4750)),
    Place("Warsaw", "871f53c93ffffff", 522226690, 209990842, (3644, 1399, 5036)),
    Place("Stockholm", "870886618ffffff", 593244846, 180817045, (3090, 1009, 5480)),
    Place("Helsinki", "871126d33ffffff", 601681396, 249455980, (2874, 1337, 5527)),
    Place("Athens", "871eda743ffffff", 379810150, 237195288, (4598, 2020, 3921)),
    Place("Istanbul", "871ec9024ffffff", 410177522, 289741654, (4205, 2329, 4181)),
    Place("Kyiv", "871e6384affffff", 504556132, 305082820, (3495, 2059, 4913)),
    Place("Tbilisi", "872c2aa86ffffff", 417193000, 447997997, (3374, 3351, 4240)),
    Place("Tel Aviv", "872db0cc1ffffff", 320902586, 347762418, (4434, 3079, 3385)),
    Place("Cairo", "873e628e2ffffff", 300317751, 312496668, (4715, 2861, 3189)),
    Place("Lagos", "87589c984ffffff", 65223123, 33842893, (6319, 374, 724)),
    Place("Nairobi", "877a6e42cffffff", -12857288, 368285175, (5098, 3818, -143)),
    Place("Johannesburg", "87bcc352cffffff", -261958627, 280551520, (5045, 2689, -2812)),
    Place("Cape Town", "87ad36151ffffff", -339171262, 184177158, (5016, 1670, -3555)),
    Place("Dubai", "8743a1368ffffff", 252045922, 552682967, (3284, 4737, 2713)),
    Place("Karachi", "8742e4432ffffff", 248592298, 670096558, (2258, 5322, 2678)),
    Place("Mumbai", "87608b0b6ffffff", 190744725, 728754745, (1773, 5754, 2082)),
    Place("Bengaluru", "8760145b4ffffff", 129784984, 775903973, (1334, 6063, 1431)),
    Place("Dhaka", "873cf13b0ffffff", 238190810, 904168460, (-42, 5828, 2573)),
    Place("Bangkok", "8764a4b13ffffff", 137621780, 1005003178, (-1128, 6084, 1516)),
    Place("Singapore", "87652636dffffff", 13607506, 1038177394, (-1521, 6185, 151)),
    Place("Jakarta", "878c10783ffffff", -62180104, 1068518789, (-1836, 6062, -690)),
    Place("Hong Kong", "87411cb36ffffff", 223195562, 1141669129, (-2413, 5377, 2420)),
    Place("Taipei", "874ba0a48ffffff", 250388114, 1215776486, (-3023, 4918, 2696)),
    Place("Seoul", "8730e1d8cffffff", 375691917, 1269791745, (-3038, 4034, 3885)),
    Place("Tokyo", "872f5a366ffffff", 356734254, 1396931188, (-3947, 3348, 3715)),
    Place("Manila", "87694ec31ffffff", 145948512, 1209701023, (-3173, 5286, 1605)),
    Place("Perth", "87a726cf5ffffff", -319447546, 1158575856, (-2358, 4865, -3371)),
    Place("Sydney", "87be0e35cffffff", -338607879, 1512129583, (-4637, 2548, -3550)),
    Place("Auckland", "87bb50005ffffff", -368512400, 1747672027, (-5077, 465, -3821)),
    Place("Honolulu", "87464b96affffff", 212998630, -1578670532, (-5498, -2236, 2314)),
    Place("Vancouver", "8728de8d8ffffff", 492876790, -1231259129, (-2271, -3480, 4829)),
    Place("San Francisco", "872830828ffffff", 377735151, -1224182710, (-2700, -4251, 3903)),
    Place("Denver", "87268cda8ffffff", 397402310, -1049880967, (-1267, -4732, 4073)),
    Place("Mexico City", "874995bb1ffffff", 194190436, -991256844, (-953, -5933, 2118)),
    Place("Chicago", "872664c1affffff", 418749877, -876350286, (196, -4740, 4253)),
    Place("Toronto", "872b9bc46ffffff", 436463611, -793844341, (849, -4531, 4397)),
    Place("New York", "872a10728ffffff", 407041679, -740160085, (1330, -4643, 4155)),
    Place("Miami", "8744a1128ffffff", 257588235, -801990841, (977, -5654, 2769)),
    Place("Bogota", "8766e4288ffffff", 47075666, -740750080, (1742, -6106, 523)),
    Place("Lima", "878e62c0cffffff", -120574040, -770342555, (1398, -6072, -1331)),
    Place("Santiago", "87b2c5543ffffff", -334492824, -706782155, (1759, -5016, -3512)),
    Place("Buenos Aires", "87c2e31adffffff", -345927915, -583770494, (2750, -4466, -3617)),
    Place("Sao Paulo", "87a8100c0ffffff", -235593780, -466290552, (4010, -4245, -2546)),
)
