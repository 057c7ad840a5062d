"""Let many processes propose, record, correct, retract and reject on one campaign at once, and look at what is left.

python many_at_once.py [seconds] [processes] [PostgreSQL server]
"""

import json
import os
import random
import sys
import time
import traceback

from campaigns_on_trial import FRESH, Place, bring_up_to_date, check, propose, read_optunas_version_once

from datasets.errors import InputError


class Worker:
    """One process: does what a member of a lab might do, in random order, and notes what was acknowledged."""

    def __init__(self, place, number, notes):
        self.place = place
        self.number = number
        self.notes = notes
        self.count = 0
        self.random = random.Random(number)

    def work(self, until):
        while time.monotonic() < until:
            do = self.random.choices([self.propose, self.propose_in_disorder, self.record, self.add, self.retract],
                                     [2, 1, 6, 4, 1])[0]  # fmt: skip
            do(self.place.open())

    def note(self, what, *values):
        self.notes.write(json.dumps([what, *values]) + "\n")
        self.notes.flush()

    def fresh(self, ledger, n):
        known = {one.recipe for one in ledger.recipes()}
        return self.random.sample([recipe for recipe in FRESH[:400] if recipe not in known], n)

    def propose(self, ledger):
        with ledger.turn_to_propose():
            done = propose(ledger, self.fresh(ledger, 2))
            self.note("proposed", done.number, done.recipes)
            ledger.attach_run(done.number, f"run-{done.number}")
        bring_up_to_date(ledger)

    def propose_in_disorder(self, ledger):
        """Propose without waiting for one's turn: what another took in between is refused, and nothing breaks."""
        chosen = self.fresh(ledger, 1)
        time.sleep(self.random.uniform(0, 0.05))
        try:
            done = propose(ledger, chosen)
        except ValueError as error:
            if "to be made again as a replicate" not in str(error):
                raise
            return
        self.note("proposed", done.number, done.recipes)

    def record(self, ledger):
        recipes = [one.id for one in ledger.recipes() if not one.because]
        if not recipes:
            return
        self.count += 1
        value = 100 + self.number + self.count / 1000
        done = ledger.record(self.random.choice(recipes), {"q_discharge_first_mAh_g": value})
        self.note("recorded", done.cell, "q_discharge_first_mAh_g", value)
        if self.random.random() < 0.5:
            bring_up_to_date(ledger)

    def add(self, ledger):
        """Add retention to any cell; that another process did so, or took it back, is told as a user would be told."""
        cells = [cell.id for one in ledger.recipes() for cell in one.cells]
        if not cells:
            return
        self.count += 1
        value = 50 + self.number + self.count / 1000
        cell = self.random.choice(cells)
        try:
            ledger.record(cell, {"retention_pct": value})
        except InputError as error:
            if not ("has already" in str(error) or "was not taken back" in str(error)):
                raise
            return
        self.note("recorded", cell, "retention_pct", value)

    def retract(self, ledger):
        cells = [cell.id for one in ledger.recipes() for cell in one.usable]
        if cells:
            cell = self.random.choice(cells)
            ledger.retract(cell, f"because {self.number}")
            self.note("retracted", cell)
            bring_up_to_date(ledger)


def child(place, number, until, path):
    code = 1
    try:
        with path.open("w") as notes:
            Worker(place, number, notes).work(until)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(seconds="60", processes="8", server=None):
    read_optunas_version_once()
    place = Place(server)
    until = time.monotonic() + float(seconds)
    paths = [place.home / f"notes-{number}" for number in range(int(processes))]
    children = []
    for number, path in enumerate(paths):
        pid = os.fork()
        if pid == 0:
            child(place, number, until, path)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * len(children), "no process failed"
    notes = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    sys.stdout.write(json.dumps(compare(place.open(), notes)))
    place.remove()


def compare(ledger, notes):
    """Assert that the ledger holds what was acknowledged, all of it once, and nothing else."""
    check(ledger)
    by_kind = {kind: [note[1:] for note in notes if note[0] == kind] for kind in ("proposed", "recorded", "retracted")}
    cells = {cell.id: cell for one in ledger.recipes() for cell in one.cells}
    found = [[cell.id, name, value] for cell in cells.values() for name, value in cell.values.items()]
    assert sorted(found) == sorted(by_kind["recorded"]), "no record is lost, none doubled"
    assert {one.id for one in cells.values() if one.retracted} == {cell for (cell,) in by_kind["retracted"]}
    assert sorted([one.number, one.recipes] for one in ledger.rounds()) == sorted(by_kind["proposed"])
    return {
        "rounds": len(by_kind["proposed"]),
        "recipes": len(ledger.recipes()),
        "records": len(found),
        "retracted": len({cell for (cell,) in by_kind["retracted"]}),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
