"""Kill propose, record, retract and reject at every write and at any moment, and look at what is left.

    python kill_at_every_write.py [most kills of each command] [PostgreSQL server]

A child is forked for each kill, after all imports. It kills itself before or after its k-th write or commit, or is
killed from outside at a random moment, which may be in the middle of a commit.
"""

import gc
import json
import os
import random
import signal
import sys
import time

from campaigns_on_trial import FRESH, Place, bring_up_to_date, check, propose, read_optunas_version_once
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

FIRST = {"q_discharge_first_mAh_g": 198.2, "ce_first_pct": 86.0}
LATER = {"retention_pct": 81.5, "n_cycles": 100.0}
BETTER = {"retention_pct": 82.5}


def begun(place):
    """A campaign of one round: R1 measured, R2 running, R3 proposed."""
    ledger = place.open()
    propose(ledger, FRESH[:3])
    ledger.attach_run(1, "run-1")
    ledger.record("R1", FIRST | LATER)
    ledger.record("R2", FIRST)
    bring_up_to_date(ledger)


def do_propose(ledger, acknowledge):
    with ledger.turn_to_propose():
        done = propose(ledger, FRESH[3:5], [FRESH[0]])
        acknowledge()
        ledger.attach_run(done.number, f"run-{done.number}")
        bring_up_to_date(ledger)


def do_record(ledger, acknowledge):
    ledger.record("R2-1", LATER)
    acknowledge()
    bring_up_to_date(ledger)


def do_record_new(ledger, acknowledge):
    ledger.record("R3", FIRST | LATER)
    acknowledge()
    bring_up_to_date(ledger)


def do_correct(ledger, acknowledge):
    ledger.record("R1-1", BETTER, correct=True, because="typing error")
    acknowledge()
    bring_up_to_date(ledger)


def do_retract(ledger, acknowledge):
    ledger.retract("R1-1", "short circuit")
    acknowledge()
    bring_up_to_date(ledger)


def do_reject(ledger, acknowledge):
    ledger.reject("R3", "no LiBr left")
    acknowledge()
    bring_up_to_date(ledger)


def content(ledger):
    """All that a campaign says, without the moments."""
    cells = [(one.id, one.state, [cell._replace(at=None) for cell in one.cells]) for one in ledger.recipes()]
    return cells, [one.recipes for one in ledger.rounds()]


COMMANDS = (do_propose, do_record, do_record_new, do_correct, do_retract, do_reject)


def forked(action, place, kill_at=0, after_s=None):
    """Run a command in a child that dies at its kill_at-th point, or after some time.

    Gives the number of its points if it lived, whether it had acknowledged its record, and whether it was killed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            points = Points(kill_at)
            action(place.open(), lambda: os.write(writing, b"acknowledged "))
            os.write(writing, str(points.count).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the command failed by itself"
    points = told.removeprefix("acknowledged ")
    return int(points) if points else 0, told.startswith("acknowledged"), os.WIFSIGNALED(status)


class Points:
    """Counts what may be the last thing that a process does."""

    def __init__(self, kill_at):
        self.count = 0
        self.kill_at = kill_at
        event.listen(Engine, "before_cursor_execute", self.statement)
        event.listen(Engine, "after_cursor_execute", self.statement)
        event.listen(Engine, "commit", self.passed)
        event.listen(Pool, "close", self.passed)  # after the commit

    def statement(self, _connection, _cursor, statement, *_):
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "RELEASE")):
            self.passed()

    def passed(self, *_):
        self.count += 1
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def spread(points, most):
    """Choose the points to kill at: all, or as many spread evenly."""
    if points <= most:
        return range(1, points + 1)
    return sorted({1 + round(step * (points - 1) / (most - 1)) for step in range(most)})


def trial(action, base, most, n_moments):
    """Kill one command on copies of a campaign."""
    place = base.copy()
    began = time.monotonic()
    points, _, _ = forked(action, place)
    lasts_s = time.monotonic() - began
    states = content(base.open()), content(place.open())
    place.remove()
    ways = [{"kill_at": point} for point in spread(points, most)]
    ways += [{"after_s": random.uniform(0, lasts_s)} for _ in range(n_moments)]
    return summary(points, [kill(action, base, states, again=n % 4 == 0, **way) for n, way in enumerate(ways)])


def kill(action, base, states, again, **way):
    """Kill a command once, look at what it left, and sometimes run it again."""
    place = base.copy()
    _, acknowledged, killed = forked(action, place, **way)
    ledger, what = place.open(), f"{action.__name__}, {way}"
    found = content(ledger)
    before, whole = states
    assert found in (before, whole), f"{what}: done in part"
    assert found == whole or not acknowledged, f"{what}: an acknowledged write is lost"
    check(ledger)
    if again:
        if found != whole or action is not do_propose:
            action(ledger, lambda: None)
        assert content(ledger) == whole, f"{what}: cannot be run again"
        check(ledger)
        assert not bring_up_to_date(ledger), f"{what}: never up to date"
    place.remove()
    return killed, acknowledged


def do_begin(ledger, acknowledge):
    """Write the first round, from which the database comes to be."""
    propose(ledger, FRESH[:2])
    acknowledge()
    bring_up_to_date(ledger)


def born(most, server):
    """Kill a campaign at its birth."""
    place = Place(server)
    points, _, _ = forked(do_begin, place)
    place.remove()
    outcomes = []
    for kill_at in spread(points, most):
        place = Place(server)
        _, acknowledged, killed = forked(do_begin, place, kill_at)
        ledger = place.open()
        assert len(ledger.recipes()) in ((2,) if acknowledged else (0, 2))
        if not ledger.recipes():
            propose(ledger, FRESH[:2])
        check(ledger)
        place.remove()
        outcomes.append((killed, acknowledged))
    return summary(points, outcomes)


def summary(points, outcomes):
    killed = [acknowledged for killed, acknowledged in outcomes if killed]
    return {"points": points, "kills": len(killed), "of them acknowledged": sum(killed)}


def main(most="1000", server=None):
    read_optunas_version_once()
    base = Place(server)
    begun(base)
    gc.freeze()  # so that children need not copy what they never change
    done = {"first round": born(int(most), server)}
    for action in COMMANDS:
        done[action.__name__.removeprefix("do_")] = trial(action, base, int(most), min(int(most) // 5, 20))
    base.remove()
    total = sum(one["kills"] for one in done.values())
    sys.stdout.write(json.dumps({**done, "kills": total}, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
