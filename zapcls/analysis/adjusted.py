"""Is it the group, or what comes with it? Odds of an error, crude and with a stratum held.

Women's pink shoes may be slippers more often than black ones are. A logistic model asks whether
pink is answered wrong more often than another color of the same sub-category and label. The group
is any column, color by default; the stratum is the sub-category.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm
from statsmodels.stats.contingency_tables import StratifiedTable

from zapcls.analysis.intervals import LEVEL
from zapcls.analysis.metrics import labelled
from zapcls.analysis.permutations import holm

RARE = 20  # products: sub-categories of fewer are one, "other"
OTHER = "other"
STRATUM = "sub_category"
MOST = 40  # groups: those beyond the most frequent are one, "other"
FEWEST = 5  # products: of fewer a product-clustered error knows nothing
FACTOR = 1.5  # crude and adjusted odds ratios further apart than this disagree
LARGEST = 6.0  # |log odds ratio|, or its error: beyond it the fit ran off to infinity
NO_FIT = (np.nan,) * 4
ODDS = ("crude", "crude_low", "crude_high", "crude_p")
HELD = ("adjusted", "adjusted_low", "adjusted_high", "adjusted_p")
POOLED = ("pooled", "pooled_low", "pooled_high", "pooled_p", "homogeneity_p")


@dataclass(frozen=True)
class Adjusted:
    """What a fit came to.

    `odds` has a row a group that occurs, the most frequent first: the group in the column of its
    name, n, n_products, hits; note, why there is no odds ratio ("" where there is one); crude and
    adjusted odds ratios against `reference`, each with _low, _high (95 %) and _p; p_holm of the
    adjusted ones, for all groups together (Holm 1979); disagrees; the Mantel-Haenszel odds
    ratio against all other groups, pooled_..., and homogeneity_p of Breslow and Day, as
    description only, since they take photos for independent; no_overlap, the photos of
    strata that have none of the group or nothing but it. NaN where there is none.
    """

    odds: pd.DataFrame
    reference: str  # "" where nothing could be fitted
    n: int  # photos that could be used: labelled, of a known group
    n_fitted: int
    n_products: int  # fitted
    one_label: int  # of all photos of the split, those in strata of one label only
    n_split: int


def fit_adjusted(
    table: pd.DataFrame, split: str, label: str | None = None, by: str = "color"
) -> Adjusted:
    """Fit error ~ group + stratum (+ label, where all are asked of), crude and adjusted.

    Errors are clustered by product (Liang and Zeger 1986, Biometrika 73:13), and never taken
    below those of independent photos, as if the design effect were below 1. Both fits are of the
    same photos: groups and strata without an error or without a right answer are left out, and so
    are groups of fewer than 5 products and what shares no stratum with the rest.

    Args:
        table: predictions with the group column `by` and sub_category.
        label: only photos of this label; None takes all and holds the label too.
    """
    known = labelled(table, split)
    known = known[known[by] != ""]
    labels = known.groupby(STRATUM)["label"].transform("nunique")
    chosen = known if label is None else known[known["label"] == label]
    chosen = chosen.assign(kind=pool_rare(chosen), group=pool_rest(chosen[by]))
    fitted, notes = keep_estimable(chosen)
    groups = fitted["group"].value_counts()
    reference = str(groups.index[0]) if len(groups) > 1 else ""
    fits = {}
    if reference:
        fits = {
            name: fit_odds(fitted, reference, factors)
            for name, factors in {"crude": (), "adjusted": ("kind", "label")}.items()
        }
    rows = [
        {by: str(group)} | _describe(chosen, str(group), notes, fits, reference)
        for group in chosen["group"].value_counts().index
    ]
    columns = [
        by, "n", "n_products", "hits", "note", *ODDS, *HELD, "p_holm", "disagrees", *POOLED,
        "no_overlap",
    ]  # fmt: skip
    odds = pd.DataFrame(rows, columns=columns)
    odds["p_holm"] = holm(odds["adjusted_p"].astype(float))
    return Adjusted(
        odds, reference, len(chosen),
        len(fitted) if reference else 0, fitted["product_id"].nunique() if reference else 0,
        int((labels == 1).sum()), len(known),
    )  # fmt: skip


def _describe(
    chosen: pd.DataFrame,
    group: str,
    notes: dict[str, str],
    fits: dict[str, dict[str, tuple[float, ...]]],
    reference: str,
) -> dict[str, object]:
    mine = chosen[chosen["group"] == group]
    crude = fits.get("crude", {}).get(group, NO_FIT)
    adjusted = fits.get("adjusted", {}).get(group, NO_FIT)
    note = notes.get(group, "")
    if not note and group == reference:
        note = "the others are compared with it"
    elif not note and np.isnan([crude[0], adjusted[0]]).any():
        note = "too few errors to tell it from what comes with it"
    counts = {"n": len(mine), "n_products": mine["product_id"].nunique()}
    counts |= {"hits": int(mine["wrong"].sum()), "no_overlap": count_no_overlap(chosen, group)}
    return {
        "note": note, "disagrees": do_disagree(crude, adjusted), **counts,
        **dict(zip(ODDS, crude, strict=True)), **dict(zip(HELD, adjusted, strict=True)),
        **dict(zip(POOLED, pool_strata(chosen, group), strict=True)),
    }  # fmt: skip


def pool_rare(table: pd.DataFrame) -> pd.Series:
    """Return each row's stratum, OTHER for those of fewer than RARE products."""
    products = table.groupby(STRATUM)["product_id"].transform("nunique")
    return table[STRATUM].where(products >= RARE, OTHER)


def pool_rest(groups: pd.Series) -> pd.Series:
    """Return each row's group, OTHER for those beyond the MOST most frequent."""
    return groups.where(groups.isin(groups.value_counts().index[:MOST]), OTHER)


def keep_estimable(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Keep the rows whose group and kind can be told apart and have both outcomes.

    Dropping a level may leave another without an outcome, so that it is done until none is.

    Returns:
        The rows, and why each group that is gone is gone.
    """
    notes: dict[str, str] = {}
    kept = table
    while len(kept):
        of = kept.groupby("group")["wrong"].agg(["sum", "size"])
        of["n_products"] = kept.groupby("group")["product_id"].nunique()
        told = {
            f"fewer than {FEWEST} products": of["n_products"] < FEWEST,
            "no error": of["sum"] == 0,
            "no right answer": of["sum"] == of["size"],
            "shares no sub-category with the others": ~of.index.isin(_find_linked(kept)[0]),
        }
        for note, is_so in told.items():
            notes = dict.fromkeys(map(str, of.index[is_so]), note) | notes
        rate = kept.groupby("kind")["wrong"].transform("mean")
        is_in = rate.between(0, 1, inclusive="neither") & ~kept["group"].isin(notes)
        is_in &= kept["kind"].isin(_find_linked(kept)[1])
        if is_in.all():
            break
        kept = kept[is_in]
    for group in set(table["group"]) - set(kept["group"]) - set(notes):
        notes[str(group)] = "only in sub-categories without an error, or of nothing else"
    return kept, notes


def _find_linked(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Find the groups and the kinds of the largest part in which groups share kinds."""
    (group, groups), (kind, kinds) = (pd.factorize(table[name]) for name in ("group", "kind"))
    size = len(groups) + len(kinds)
    graph = coo_array((np.ones(len(table)), (group, len(groups) + kind)), shape=(size, size))
    part = connected_components(graph, directed=False)[1]
    is_in = part == np.bincount(part[group]).argmax()
    return list(groups[is_in[: len(groups)]]), list(kinds[is_in[len(groups) :]])


def fit_odds(
    table: pd.DataFrame, reference: str, factors: Sequence[str]
) -> dict[str, tuple[float, ...]]:
    """Return each group's odds ratio of an error against `reference`, the factors held.

    Returns:
        group -> odds ratio, low, high, p; a group is missing where its odds cannot be told from
        the factors', or where the fit ran off to infinity. Empty where it did not settle.
    """
    groups = pd.get_dummies(table["group"], dtype=float).drop(columns=reference)
    held = [pd.get_dummies(table[name], dtype=float, drop_first=True) for name in factors]
    design = np.column_stack([np.ones(len(table)), *held, groups])
    is_new = _find_independent(design)
    design, named = design[:, is_new], groups.columns[is_new[-len(groups.columns) :]]
    products = pd.factorize(table["product_id"])[0]
    model = sm.GLM(table["wrong"].to_numpy(dtype=float), design, family=sm.families.Binomial())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # separation and a fit that does not converge only warn
            fit = model.fit(maxiter=100, cov_type="cluster", cov_kwds={"groups": products})
            plain = np.sqrt(np.diag(fit.normalized_cov_params))
            errors = np.maximum(fit.bse, plain)  # with few errors the clustered one is too small
    except (Warning, np.linalg.LinAlgError, ValueError):
        return {}
    reach = float(norm.ppf((1 + LEVEL) / 2))
    found = {}
    for place, group in enumerate(named, start=design.shape[1] - len(named)):
        log, error = fit.params[place], errors[place]
        if abs(log) < LARGEST and 0 < error < LARGEST:
            ends = np.exp([log, log - reach * error, log + reach * error])
            found[str(group)] = (*map(float, ends), float(2 * norm.sf(abs(log) / error)))
    return found


def _find_independent(design: np.ndarray) -> np.ndarray:
    """Find of each column whether it is no sum of those before it (Gram and Schmidt)."""
    basis = np.empty((len(design), 0))
    is_new = np.zeros(design.shape[1], dtype=bool)
    for place, column in enumerate(design.T):
        rest = column - basis @ (basis.T @ column)
        is_new[place] = np.linalg.norm(rest) > 1e-8 * np.linalg.norm(column)
        if is_new[place]:
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return is_new


def do_disagree(crude: Sequence[float], adjusted: Sequence[float]) -> bool:
    """Return whether two odds ratios (ratio, low, high, ...) say different things.

    They do if they differ by a factor over FACTOR, or point to different sides of 1 while each
    one's interval leaves out the other. False where one is NaN.
    """
    if np.isnan([crude[0], adjusted[0]]).any():
        return False
    is_far = abs(np.log(crude[0] / adjusted[0])) > np.log(FACTOR)
    is_turned = (crude[0] - 1) * (adjusted[0] - 1) < 0
    is_out = not crude[1] <= adjusted[0] <= crude[2] and not adjusted[1] <= crude[0] <= adjusted[2]
    return bool(is_far or (is_turned and is_out))


def count_no_overlap(table: pd.DataFrame, group: str) -> int:
    """Count the rows of strata that have none of a group, or nothing but it."""
    share = (table["group"] == group).groupby(table[STRATUM]).transform("mean")
    return int(share.isin([0, 1]).sum())


def pool_strata(table: pd.DataFrame, group: str) -> tuple[float, ...]:
    """Return the Mantel-Haenszel odds ratio of an error, a group against all others, over kinds.

    Strata are kind and label; those without both outcomes or without both sides say nothing.
    Photos are taken for independent, so that the intervals are too narrow where products have many.

    Returns:
        The ratio, its low and high end, p of Cochran, Mantel and Haenszel, p of Breslow and Day
        (with Tarone's correction) that the ratio is the same in all strata; NaN where undefined.
    """
    group_first = pd.DataFrame(
        {"is_other": table["group"] != group, "is_right": ~table["wrong"].astype(bool)}
    )
    counts = group_first.groupby([table["kind"], table["label"], *group_first.values.T]).size()
    cells = counts.unstack([2, 3], fill_value=0).reindex(
        columns=pd.MultiIndex.from_product([[False, True]] * 2), fill_value=0
    )
    cube = cells.to_numpy().reshape(-1, 2, 2)
    cube = cube[cube.any(axis=1).all(axis=1) & cube.any(axis=2).all(axis=1)]
    with np.errstate(all="ignore"):
        strata = StratifiedTable(np.moveaxis(cube, 0, 2))
        ratio = float(strata.oddsratio_pooled)
        if not np.isfinite(ratio) or ratio == 0:
            return (np.nan,) * len(POOLED)
        low, high = strata.oddsratio_pooled_confint()
        same = float(strata.test_equal_odds(adjust=True).pvalue) if len(cube) > 1 else np.nan
        return ratio, float(low), float(high), float(strata.test_null_odds().pvalue), same
