"""Do the intervals of the color bias hold the truth, and how often is a color blamed falsely?

    make bench-color-bias [WORKSPACE=DIR]

Three catalogues: drawn ones of 50 products, an evaluated run's valid photos and, where its label
check is done, the out-of-fold answers; without a workspace the drawn ones alone. Each stands for
all shoes there could be: a trial draws as many of its products, with replacement.

`coverage`: a share of one color's products has its answers turned round, or the errors come from a
logistic model, so that the true rate, difference or odds ratio is known: that of all products
together, photos weighing the same (natural pairs: products). A 95 % interval should hold it in 93
to 97 % of the trials.
`false alarms`: colors are moved between whole products so that they can mean nothing.
`power`: colors are moved, then as large a difference is planted as is said to be detectable.
Writes `benchmarks/results/color_bias.json` and a table beside it.
"""

import argparse
import gc
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from benchmarks.color_catalogues import (
    COLORS,
    LABEL,
    Catalogue,
    expect,
    make_errors,
    read_catalogues,
    turn,
)
from benchmarks.machine import describe_machine
from zapcls.analysis.adjusted import fit_odds, keep_estimable, pool_rare, pool_strata
from zapcls.analysis.groups import (
    clustered_difference,
    detectable_difference,
    permute_p,
)
from zapcls.analysis.intervals import count_rates, wilson
from zapcls.analysis.natural_pairs import build_pairs, compare_pairs, mean_gap
from zapcls.workspace.layout import write_json

RESULTS = Path(__file__).parent / "results"
SIZES = (20, 50, 200)  # products of the color
PLANTED = (0.0, 0.1, 0.3)  # of the color's products
RARE = 0.01  # the planted share where there is no other error
RATIO = 2.0  # of the odds of an error in the last color
REACHES = (0.75, 1.0)  # of the detectable difference
PERMUTATIONS = 499
ALPHA = 0.05
HELD = (0.93, 0.97)  # of the trials, an interval of 95 % should hold the truth


def count_share(hits: Sequence[bool] | pd.Series) -> dict:
    """Return a share over trials with Wilson's 95 % interval."""
    share = float(np.mean(hits))
    low, high = wilson(share, len(hits))
    return {"trials": len(hits), "share": share, "low": low, "high": high}


def measure_rates(catalogue: Catalogue, trials: int) -> Iterator[dict]:
    """Cover one color's error rate, by products drawn and share planted."""
    table = catalogue.table
    rng = np.random.default_rng(1)
    for color in catalogue.colors:
        mine = catalogue.keep((table["label"] == LABEL) & (table["color"] == color))
        for products in sorted({*(size for size in SIZES if size < mine.drawn), mine.drawn}):
            for share in (*PLANTED, RARE):
                source = mine
                if share == RARE:
                    source = Catalogue(mine.name, mine.table.assign(correct=True))
                drawn = source.draw(products * trials, rng)
                drawn["trial"] = drawn["product_id"] // products
                drawn["wrong"] = turn(drawn, color, share, rng)
                rates = count_rates(drawn, "wrong", by=["trial"])
                truth = expect(source.table, color, share).mean()
                yield {
                    "what": "rate", "color": color, "products": products, "planted": share,
                    "truth": truth, "no_error": float((rates["hits"] == 0).mean()),
                    **count_share((rates["low"] <= truth) & (truth <= rates["high"])),
                }  # fmt: skip


def measure_differences(catalogue: Catalogue, trials: int) -> Iterator[dict]:
    """Cover the difference of a color's error rate from that of all other colors."""
    sold = catalogue.keep(catalogue.table["label"] == LABEL)
    rng = np.random.default_rng(2)
    for color in catalogue.colors:
        for share in PLANTED:
            chance = expect(sold.table, color, share)
            is_in = sold.table["color"] == color
            truth = chance[is_in].mean() - chance[~is_in].mean()
            is_held = []
            for _ in range(trials):
                drawn = sold.draw(sold.drawn, rng)
                drawn["wrong"] = turn(drawn, color, share, rng)
                is_mine = drawn["color"] == color
                _, low, high = clustered_difference(drawn[is_mine], drawn[~is_mine])
                is_held += [low <= truth <= high] if np.isfinite(high) else []
            yield {
                "what": "difference", "color": color, "products": sold.count_products(is_in),
                "planted": share, "truth": truth, **count_share(is_held),
            }  # fmt: skip


def measure_pairs(catalogue: Catalogue, trials: int) -> Iterator[dict]:
    """Cover the mean difference between a color and the other colors of the same products."""
    table = catalogue.table
    rng = np.random.default_rng(3)
    pairs = build_pairs(table[table["label"] == LABEL])
    for color in catalogue.colors:
        mine = pairs[pairs["color"] == color]
        members = list(mine.groupby("product_id").indices.values())
        count = max(2, round(catalogue.drawn * len(members) / len(catalogue.sizes)))
        for share in PLANTED:
            means = mine.assign(wrong=expect(mine, color, share)).groupby("product_id")
            truth = (means["wrong"].mean() - means["wrong_other"].mean()).mean()
            chosen = rng.integers(0, len(members), count * trials)
            drawn = mine.iloc[np.concatenate([members[place] for place in chosen])]
            sizes = [len(members[place]) for place in chosen]
            drawn = drawn.assign(product_id=np.repeat(np.arange(len(chosen)), sizes))
            drawn["wrong"] = turn(drawn, color, share, rng)
            means = drawn.groupby("product_id")[["wrong", "wrong_other"]].mean()
            gaps = (means["wrong"] - means["wrong_other"]).to_numpy().reshape(trials, count)
            ends = [mean_gap(of_trial) for of_trial in gaps]
            yield {
                "what": "pairs", "color": color, "products": count, "planted": share,
                "truth": truth, **count_share([low <= truth <= high for _, low, high in ends]),
            }  # fmt: skip


def measure_odds(catalogue: Catalogue, trials: int) -> Iterator[dict]:
    """Cover odds ratios where a logistic model makes the errors, a color's odds `RATIO` times."""
    sold = catalogue.keep(catalogue.table["label"] == LABEL)
    sold.table["sub_category"] = pool_rare(sold.table)
    kinds = sold.table.groupby("sub_category")["wrong"].agg(["sum", "size"])
    usual = logit((kinds["sum"] + 0.5) / (kinds["size"] + 1))
    rng = np.random.default_rng(4)
    raised = COLORS[-1]
    asked = [("adjusted odds", color) for color in catalogue.colors] + [("pooled odds", raised)]
    is_held: dict[tuple[str, str], list[bool]] = {one: [] for one in asked}
    for _ in range(trials):
        drawn = sold.draw(sold.drawn, rng)
        odds = drawn["sub_category"].map(usual) + np.log(RATIO) * (drawn["color"] == raised)
        wrong = make_errors(drawn["product_id"].to_numpy(), expit(odds.to_numpy(float)), rng)
        drawn = drawn.assign(wrong=wrong, kind=pool_rare(drawn), group=drawn["color"])
        reference, fits = fit(drawn)
        for color in set(catalogue.colors) & set(fits):
            truth = RATIO ** ((color == raised) - (reference == raised))
            is_held["adjusted odds", color].append(fits[color][1] <= truth <= fits[color][2])
        low, high = pool_strata(drawn, raised)[1:3]
        is_held["pooled odds", raised] += [low <= RATIO <= high] if np.isfinite(high) else []
    for (what, color), hits in is_held.items():
        if not hits:
            continue
        products = sold.count_products(sold.table["color"] == color)
        truth = RATIO if color == raised else 1.0
        yield {
            "what": what, "color": color, "products": products, "truth": truth,
            **count_share(hits),
        }  # fmt: skip


def fit(table: pd.DataFrame) -> tuple[str, dict[str, tuple[float, ...]]]:
    """Fit the adjusted odds as `fit_adjusted` does; give the reference and each color's."""
    fitted, _ = keep_estimable(table)
    colors = fitted["color"].value_counts()
    if len(colors) < 2:
        return "", {}
    return str(colors.index[0]), fit_odds(fitted, str(colors.index[0]), ("kind", "label"))


def find_group_p(table: pd.DataFrame, seed: int) -> list[float]:
    """Return p of each color and label as `compare_groups` does."""
    found: list[float] = []
    for _, sold in table.groupby("label"):
        members = np.array([sold["color"] == color for color in sold["color"].unique()])
        product = pd.factorize(sold["product_id"])[0]
        p = permute_p(members, sold["wrong"].to_numpy(), product, PERMUTATIONS, seed)
        found += [float(chance) for chance in p if np.isfinite(chance)]
    return found


def find_adjusted_p(table: pd.DataFrame, seed: int) -> list[float]:
    known = table.assign(kind=pool_rare(table), group=table["color"])
    return [found[3] for found in fit(known)[1].values()]


def find_pairs_p(table: pd.DataFrame, seed: int) -> list[float]:
    return list(compare_pairs(build_pairs(table), seed=seed)["p"])


def raise_alarms(catalogue: Catalogue, trials: int) -> Iterator[dict]:
    """Count alarms where colors mean nothing: of each test, and of any after Holm's correction."""
    rng = np.random.default_rng(5)
    sold = catalogue.keep(catalogue.table["label"] == LABEL)
    tests = {
        "each color and the others": (catalogue, ("label",), find_group_p),
        "adjusted odds": (sold, ("label", "sub_category"), find_adjusted_p),
        "natural pairs": (catalogue, ("label", "product_id"), find_pairs_p),
    }
    for name, (source, within, find_p) in tests.items():
        each, any_holm = [], []
        for seed in range(trials):
            p = find_p(source.sample(rng).move_colors(within, rng), seed)
            each += [one < ALPHA for one in p]
            any_holm.append(bool(p) and min(p) * len(p) < ALPHA)
        for what, hits in (("each test", each), ("any, after Holm", any_holm)):
            facts = {"what": "alarm", "test": name, "within": " and ".join(within), "of": what}
            yield facts | count_share(hits)


def measure_power(catalogue: Catalogue, trials: int) -> Iterator[dict]:
    """Plant shares of the difference that is said to be found four times in five."""
    sold = catalogue.keep(catalogue.table["label"] == LABEL)
    rng = np.random.default_rng(6)
    for color in catalogue.colors:
        for reach in REACHES:
            is_found, rises = [], []
            for seed in range(trials):
                table = sold.sample(rng).move_colors(("label",), rng)
                is_mine = (table["color"] == color).to_numpy()
                if not 0 < is_mine.sum() < len(table):
                    continue
                claim = detectable_difference(table[is_mine], table[~is_mine])
                rate = table["wrong"].mean()
                share = min(1.0, reach * claim / (1 - 2 * rate))
                rises.append(share * (1 - 2 * rate))
                wrong = turn(table, color, share, rng).to_numpy()
                product = table["product_id"].to_numpy()
                p = permute_p(is_mine[None], wrong, product, PERMUTATIONS, seed)
                is_found.append(p[0] < ALPHA)
            yield {
                "what": "power", "color": color, "reach": reach, "rise": float(np.mean(rises)),
                **count_share(is_found),
            }  # fmt: skip


def measure(catalogue: Catalogue, arguments: argparse.Namespace) -> list[dict]:
    """Measure all of one catalogue."""
    rows = []
    asked = {
        measure_rates: arguments.trials,
        measure_differences: arguments.trials,
        measure_pairs: arguments.trials,
        measure_odds: arguments.trials,
        raise_alarms: arguments.alarms,
        measure_power: arguments.power,
    }
    for do, trials in asked.items():
        started = time.perf_counter()
        for row in do(catalogue, trials):
            rows.append({"catalogue": catalogue.name} | row)
            print(rows[-1], flush=True)
        print(f"{do.__name__}: {time.perf_counter() - started:.0f} s", flush=True)
    return rows


def judge(row: dict) -> str:
    """Return whether a coverage lies outside 93 to 97 % beyond the simulation's own error."""
    if row["high"] < HELD[0]:
        return "too narrow"
    return "wider than need be" if row["low"] > HELD[1] else ""


def write_share(row: dict) -> str:
    return f"{row['trials']:,} | {row['share']:.1%} | {row['low']:.1%} to {row['high']:.1%}"


def list_coverage(rows: list[dict]) -> list[str]:
    """List how often each interval held the truth, as rows of Markdown."""
    lines = [
        "| catalogue | interval of | color | products | planted | truth | trials | held "
        "| 95 % interval | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        planted = f"{row['planted']:.0%}" if "planted" in row else f"{COLORS[-1]}: x {RATIO:g}"
        truth = f"{row['truth']:.2f}" if "odds" in row["what"] else f"{row['truth']:+.1%}"
        lines.append(
            f"| {row['catalogue']} | {row['what']} | {row['color']} | {row['products']:,} | "
            f"{planted} | {truth} | {write_share(row)} | {judge(row)} |"
        )
    return lines


def write_table(content: dict) -> str:
    """Write what was measured as Markdown tables."""
    rows = content["rows"]
    lines = [content["machine"], "", "Women's shoes: does the 95 % interval hold the truth?", ""]
    lines += list_coverage([row for row in rows if "truth" in row])
    lines += [
        "",
        f"Colors moved between whole products: how often is p < {ALPHA}? (The tests of one moving",
        "depend on each other, so that the interval of `each test` is a little too narrow.)",
        "",
        "| catalogue | test | moved within | of | trials | alarms | 95 % interval |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['catalogue']} | {row['test']} | {row['within']} | {row['of']} | "
        f"{write_share(row)} |"
        for row in rows
        if row["what"] == "alarm"
    ]
    lines += [
        "",
        "A rise of the error rate as large as is said to be found four times in five, and less:",
        "",
        "| catalogue | color | of the detectable | rise, points | trials | found | 95 % interval |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['catalogue']} | {row['color']} | {row['reach']:.0%} | {100 * row['rise']:.1f} | "
        f"{write_share(row)} |"
        for row in rows
        if row["what"] == "power"
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, help="with an evaluated run; default: none")
    parser.add_argument("--run", default="", help="default: the newest that is evaluated")
    parser.add_argument("--trials", type=int, default=1000, help="of each coverage")
    parser.add_argument("--alarms", type=int, default=500, help="movings of the colors")
    parser.add_argument("--power", type=int, default=100, help="plantings of each size")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the two files")
    arguments = parser.parse_args()
    rows = []
    catalogues = read_catalogues(arguments.workspace, arguments.run)
    gc.freeze()  # statsmodels looks through all that is loaded at each correction of Holm's
    for catalogue in catalogues:
        rows += measure(catalogue, arguments)
    content = {"machine": describe_machine(), "rows": rows}
    write_json(arguments.out / "color_bias.json", content)
    (arguments.out / "color_bias.md").write_text(write_table(content), encoding="utf-8")
    print(write_table(content))


if __name__ == "__main__":
    main()
