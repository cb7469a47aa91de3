"""What the sections say: what a trade brings, what cannot be said."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd

from zapcls import schema
from zapcls.blocks import Chart, Table, Text
from zapcls.color_options import BASE
from zapcls.findings import groups
from zapcls.findings.ask import build_ask
from zapcls.findings.claim import describe_reach
from zapcls.report.change_sections import build_recoloring, build_trade
from zapcls.report.limits import build_limits
from zapcls.words import trade as trade_words


def build_trade_table() -> pd.DataFrame:
    """Two options, two seeds and their mean: hue jitter halves the flips and errs no less."""
    rates = {"error": 0.1, "worst group": 0.3, "flip": 0.08, "control": 0.05, "excess": 0.03}
    rows = []
    for option in (BASE, "hue-jitter"):
        for measure, rate in rates.items():
            known = {"option": option, "measure": measure, "n": 100, "n_products": 50}
            known |= {"color": "pink" if measure == "worst group" else ""}
            known |= {"label": "Women" if measure == "worst group" else ""}
            is_less = option != BASE and measure == "flip"
            rate = rate / 2 if is_less else rate
            known |= {"rate": rate, "low": rate - 0.02, "high": rate + 0.02}
            gone = dict.fromkeys(("difference", "difference_low", "difference_high", "p", "p_holm"))
            change = {"difference": -0.04 if is_less else 0.0, "p": 0.001 if is_less else 1.0}
            change |= {"difference_low": -0.06, "difference_high": -0.02 if is_less else 0.06}
            change |= {"p_holm": 0.004 if is_less else 1.0}
            rows.append(known | {"seed": -1} | (gone if option == BASE else change))
            rows += [known | {"seed": seed} | gone for seed in (0, 1)]
    return schema.conform(pd.DataFrame(rows), schema.TRADE, "trade")


def test_a_trade_is_told_drawn_and_listed():
    found = build_trade_table()

    section = build_trade(SimpleNamespace(remedies=found))

    texts = [block.text for block in section.blocks if isinstance(block, Text)]
    assert texts[0] == trade_words.describe_answer(found)
    assert "**Hue jitter** lowers" in texts[0]
    assert sum(isinstance(block, Chart) for block in section.blocks) == 2
    [table] = [block for block in section.blocks if isinstance(block, Table)]
    pd.testing.assert_frame_equal(table.cells, trade_words.write_trade(found))


def test_without_a_job_a_section_is_its_sentence(evidence):
    for section, part in (
        (build_trade(evidence), "trade"),
        (build_recoloring(evidence, build_ask(evidence)), "recolor"),
    ):
        assert section.blocks == (Text(evidence.missing[part], "missing"),)


def test_small_groups_and_what_could_be_found_are_counted(full_evidence):
    ask = build_ask(full_evidence)
    told = [block.text for block in build_limits(full_evidence, ask).blocks]

    for source, said in zip(full_evidence.sources, told[1:3], strict=True):
        one = replace(ask, source=source)
        found = groups.find(full_evidence, one).groups
        found = found[found["n"] > 0]
        pink = found[(found["color"] == "pink") & (found["label"] == "Women")].iloc[0]
        assert f"{found['is_small'].sum()} of {len(found)} groups" in said
        assert describe_reach(pink, one) in said
