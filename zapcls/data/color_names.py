"""The color words: eleven basic terms, and the finer names a shop would use, as prototypes.

Basic terms: Berlin & Kay, "Basic Color Terms" (1969). A pixel takes the name of the nearest
prototype in CIELAB, and the finer name stands for one basic term.

Prototypes are sRGB values. The names are anchored on the color survey of xkcd.com (Munroe 2010,
averages over 222,500 people, CC0) and the named colors of CSS Color Level 4 (W3C). Those were named
on flat patches and know no leather, so most prototypes are our own: the shaded, lighter and duller
sides of each name, and nearly all browns, beiges, greys and near-blacks, placed by eye on photos of
UT Zappos50K.

Where the names between two terms go (a convention, not a finding): beige, tan, nude, taupe, khaki,
bronze and champagne are brown; cream and ivory are white; silver, pewter and charcoal are grey;
gold and mustard are yellow; navy, sky, turquoise and teal are blue; mint, sage and olive are
green; burgundy is red; coral and peach are orange; blush, salmon, fuchsia and magenta are pink;
mauve, plum and lavender are purple.
"""

BASIC_COLORS: tuple[str, ...] = (
    "black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown",
)  # fmt: skip

SWATCHES: dict[str, str] = {
    "black": "#1c1c1e",
    "white": "#ffffff",
    "grey": "#8e8e93",
    "red": "#d62728",
    "orange": "#f5821f",
    "yellow": "#f7d02c",
    "green": "#2e9e4f",
    "blue": "#2f6fd0",
    "purple": "#7e3fa8",
    "pink": "#f48fb8",
    "brown": "#7b4b2a",
}

# (finer name, basic term, prototypes as sRGB hex)
PROTOTYPES: tuple[tuple[str, str, str], ...] = (
    ("black", "black",
     "000000 0a0a0a 141414 1e1e1e 282828 343434 101216 1a1c20 22242a 2c2e34 1c1a18 242220 "
     "30302e 404040 3a3c42"),
    ("charcoal", "grey", "4c4c4c 525252 484a50 505460 4c4a48"),
    ("grey", "grey",
     "545454 6c6c6c 848484 9c9c9c b0b0b0 5c6068 78808a 98a0a8 686460 86827e a8a49f"),
    ("silver", "grey", "c0c0c0 c6c8cc b4b8bc bcbab4"),
    ("white", "white", "ffffff f2f2f2 e4e4e4 d8d8d8 e8ecf0 d6dade f2eeec"),
    ("cream", "white", "fffdf0 f6f0e0 ede6d6 fffae6 e6dfd0 f4e6de"),
    ("dark brown", "brown",
     "1e120c 2a1a12 341c02 3a241a 2c201a 382c26 442e22 3c2018 3a3030 2e2624 342a28"),
    ("chocolate", "brown", "411900 4a2c1c 52301c 5a4032 48382e 54281c"),
    ("brown", "brown", "653700 6b4226 7a5038 805a40 8b4513 744020 68503e 8c3c1e 74321e"),
    ("cognac", "brown", "9a4e20 a0522d a85a28 b0602c b4501e bc5c28 96583a a86a48"),
    ("tan", "brown",
     "b5834f c08a58 c49a6c a0703c d2b48c c69f59 cd9a5c b87a4a d2a878 d8a868 d88c58 e0a078 "
     "cc7848 d08048 d8a050 e0ac60 c89848"),
    ("taupe", "brown", "8b7765 7f684e 9c8b7a 6b5d52 a89684 5c5048 7a6a60 968278 b4a290"),
    ("khaki", "brown", "9c9070 8a7c5c b0a484 766a50 a08f63 c0b28c"),
    ("beige", "brown", "d8c4a0 e0d0b4 c8b898 d6c8b0 c8b48c e8d8bc ccbca8"),
    ("nude", "brown", "d9b59a e3c0a6 d0a58a c8a088 e8ccb4 b88e78 f0c8a4 e8b890 e8d4c8 d8c0b4"),
    ("burgundy", "red",
     "4a0a12 610023 650021 7b0323 5a1420 6e1c28 400c14 7c2030 501a20 84444c 74383e"),
    ("red", "red",
     "e50000 c80815 a90308 be0119 b01c22 d62a2c ff000d 8f1218 9a2828 c83c3c e0403a f03048 "
     "e82840 ff3048 d8203c e8605a f07068 c05850 bd524a e65a52 d0564e e67b73 c5625a"),
    ("coral", "orange", "ff7f50 f87850 fc6e50 ff8a66 f06040"),
    ("orange", "orange",
     "f97306 ff8c00 fb7d07 ff5b00 e86420 d85a14 ffa040 ff9a3c e87a30 e04a10 d84818 e85020 "
     "c84418 d07048 e08058"),
    ("peach", "orange", "ffb07c ffb488 ffc49a ffa878"),
    ("yellow", "yellow", "ffff14 ffd700 fce030 f8d848 fff27a f0c818 ffee58 ffda03 fbf09a e8d060"),
    ("neon yellow", "yellow", "cfff04 e0ff20 d8f030 e8f840 d4e830"),
    ("mustard", "yellow", "d5ab09 ceb301 d2a01e e0b030 c8a020 e8b848"),
    ("gold", "yellow", "c8a850 d4b860 b89a48 dbb40c e0c878 a88a38"),
    ("lime", "green", "aaff32 b0e020 9acd32 89c820 b4dc50 a8b44a b0bc58 c8d878 8a9430"),
    ("green", "green",
     "15b01a 008000 2a7e19 3e9e4a 228b22 50b060 02ab2e 6cc070 2f6f3c 108068 20a080 4c8a54"),
    ("dark green", "green",
     "033500 06301c 0b4008 123a28 1e4630 2b5d34 1c3426 24382c 1a4a42 24504a 10403a"),
    ("olive", "green", "6e750e 5c6030 4b5d16 70744a 4a4e2c 808000 6a6c44 3a3e26 8a8c58 54563e"),
    ("sage", "green", "87ae73 9cae8c a8b898 8a9a7c 728a68 b8c8a8 76846c d0e0a8"),
    ("mint", "green", "9ffeb0 a8e6c8 80d8b8 c0f0d8 c8f0e0 d8f4e8 8fe0b0 7cc8a8"),
    ("teal", "blue", "029386 008080 0a6a70 1a5a60 3a8c8c 64a4a4 0e464c"),
    ("turquoise", "blue", "06c2ac 40e0d0 30bcc0 70d8dc 50c0c8 20a8b4 9ce4e8"),
    ("light blue", "blue", "95d0fc add8e6 82b8e0 a8c4e0 87ceeb bcd8ee c8dff0 d4e6f4 8cacc8 c4d4ea"),
    ("blue", "blue",
     "0343df 1e60c8 4169e1 2c6fbb 0504aa 3a78b8 1e90ff 2040a0 4c7ab0 3f5fa8 2aa0e8 2a1a8a "
     "3020a0 2a2080 2c1cb8 3c34a0"),
    ("denim", "blue", "3b5b92 4a6484 5a7898 34506c 6e88a8 4e5e7a 7c90ac"),
    ("navy", "blue",
     "01153e 0a1430 141c38 1c2848 000080 1e2a58 24304a 2c3c60 182640 101834 1a2030 2e3448 "
     "3c4458 222838 1c2030 14182a 282e40"),
    ("periwinkle", "blue", "8e82fe 7c8cd8 98a4e4 6a78c0 a8b4ea"),
    ("purple", "purple", "7e1e9c 5a2a8a 6a3aa0 800080 9a4eae 4b2a6e 8050b0 6c2a78 9058a0 a868c0 "
     "6a5a9c 7362ac 625294 7362a4 5a4a8b 6a58b0 52468c"),
    ("plum", "purple",
     "580f41 4a1e46 3c1a3a 66285a 35063e 2e1c34 702e60 70204a 7c1e4e 601c48 4a1838 4c2c44 "
     "5c3c54"),
    ("lavender", "purple", "c79fef b8a0d8 d8bfd8 c8b0e0 a890c8 ccb8e4 d4a4ec d088dc"),
    ("mauve", "purple", "8c6a84 7c5a70 a0809a 907088 6c5064 b494ac"),
    ("pink", "pink", "ff81c0 f8a0c4 f07ca8 ffb0cc e868a0 e890b0 d87098 ec5c8c ff90b0 f07090"),
    ("light pink", "pink", "ffd1df ffc0cb f8d0dc f4c0cc fadce4 f0c8d4 f0d4d8"),
    ("blush", "pink", "e8bcb8 e8b4b0 f0c8c4 dca8a4 f4d2d0 d0a09c ecc8c8"),
    ("salmon", "pink", "fa8072 f08080 e87878 f49890 e06a70 ff7078"),
    ("rose", "pink", "cf6275 ae7181 c07884 c4506c b8506a d05070 c87484 d88890 b46474"),
    ("fuchsia", "pink",
     "ff028d ed0dd9 e0218a f03098 c20078 d8207c fe01b1 cc2c70 e040a0 b02070 d850b8 b8104c "
     "c01858"),
)  # fmt: skip
