"""What a report says of the limits of what was found out."""

from dataclasses import replace

from zapcls.findings import groups
from zapcls.findings.ask import build_ask
from zapcls.findings.claim import describe_reach
from zapcls.report.limits import build_limits


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
