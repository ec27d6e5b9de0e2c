"""Whatever is asked for in whatever order, nobody is seen by releases of more than the budget."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from flaneur.store.ledger import BudgetSpentError, Charge, Ledger, Promise

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a real disk would take a minute
BUDGET, RHO, END = 10, 3, 40
PROMISE = Promise(RHO, 1, BUDGET)
CHARGE = st.builds(
    lambda start, length, cost: Charge("s", "c", start, start + length, cost),
    st.integers(0, END),
    st.integers(1, 15),
    st.integers(1, BUDGET),
)


def seen(given_away: Sequence[Charge], t: int) -> int:
    """What a visit from t to t + ρ is worth to the readers of everything, told by trying each of its moments."""
    moments = range(2 * t, 2 * (t + RHO) + 1)  # half moments, so that nothing falls between
    return sum(
        charge.nano_epsilon
        for charge in given_away
        if any(2 * charge.from_ns <= moment < 2 * charge.until_ns for moment in moments)
    )


@settings(deadline=None, max_examples=100)
@given(asked=st.lists(st.lists(CHARGE, min_size=1, max_size=3), max_size=12))
def test_no_sequence_of_releases_goes_over_the_budget(asked: list[list[Charge]]) -> None:
    with TemporaryDirectory(dir=MEMORY) as folder, Ledger.open(Path(folder) / "ledger") as ledger:
        given_away: list[Charge] = []
        for charges in asked:
            before = len(given_away)
            try:
                ledger.spend(PROMISE, charges)
                given_away += charges
            except BudgetSpentError:
                assert len(ledger.entries()) == before
            assert [entry.charge for entry in ledger.entries()] == given_away
            assert all(seen(given_away, t) <= BUDGET for t in range(-RHO - 1, END + 20))


@settings(deadline=None, max_examples=100)
@given(asked=st.lists(CHARGE, max_size=10), last=CHARGE)
def test_the_rule_of_privid_is_kept_too(asked: list[Charge], last: Charge) -> None:
    """A release needs its ε on every moment of [from - ρ, until + ρ] and spends it on [from, until]."""
    with TemporaryDirectory(dir=MEMORY) as folder, Ledger.open(Path(folder) / "ledger") as ledger:
        spent = dict.fromkeys(range(-20, END + 40), 0)
        for charge in [*asked, last]:
            try:
                ledger.spend(PROMISE, [charge])
            except BudgetSpentError:
                continue
            needed = range(charge.from_ns - RHO, charge.until_ns + RHO)
            assert all(spent[moment] + charge.nano_epsilon <= BUDGET for moment in needed)
            for moment in range(charge.from_ns, charge.until_ns):
                spent[moment] += charge.nano_epsilon


@settings(deadline=None, max_examples=100)
@given(asked=st.lists(CHARGE, max_size=8), last=CHARGE)
def test_nothing_is_refused_in_vain(asked: list[Charge], last: Charge) -> None:
    """A refused release would have let some visit be seen by more than the budget; borders count as touched."""
    with TemporaryDirectory(dir=MEMORY) as folder, Ledger.open(Path(folder) / "ledger") as ledger:
        given_away: list[Charge] = []
        for charge in [*asked, last]:
            try:
                ledger.spend(PROMISE, [charge])
                given_away.append(charge)
            except BudgetSpentError:
                touching = [
                    sum(c.nano_epsilon for c in [*given_away, charge] if c.from_ns <= t + RHO and c.until_ns >= t)
                    for t in range(-RHO - 1, END + 20)
                ]
                assert max(touching) > BUDGET
