"""How are slow results kept between processes, so that a library is asked once for each material?"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4


class ResultCache:
    """Results by name, in memory and, where a path is given, in one JSON file.

    Several processes may use one file: each writes a whole new file under another name and renames it, merged with
    what the others had written; at worst something is computed twice. A file that cannot be read is written anew.

    Parameters
    ----------
    path : pathlib.Path or None
        The file; None keeps results in memory only.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = Lock()
        self._results = self._read()

    def get(self, names: Iterable[str], compute: Callable[[str], Any]) -> dict[str, Any]:
        """Look up results, computing and keeping those that are missing.

        Parameters
        ----------
        names : iterable of str
            What is wanted.
        compute : callable
            Called with each name that is not known; returns something that JSON can hold.
        """
        wanted = list(names)
        # Threads of one screen ask for the same new materials at the same time.
        with self._lock:
            missing = [name for name in wanted if name not in self._results]
            if missing:
                self._results.update({name: compute(name) for name in missing})
                self._write()
            return {name: self._results[name] for name in wanted}

    def _read(self) -> dict[str, Any]:
        if self.path is None:
            return {}
        try:
            results = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return results if isinstance(results, dict) else {}

    def _write(self) -> None:
        if self.path is None:
            return
        self._results = self._read() | self._results
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(f".{uuid4().hex}.part")
            part.write_text(json.dumps(self._results, indent=1), encoding="utf-8")
            part.replace(self.path)
        except OSError as error:
            warnings.warn(f"The cache {self.path} cannot be written ({error}); going on without it.", stacklevel=2)


def result_cache(kind: str, cache_dir: Path | str | None, libraries: Iterable[str], definition: object) -> ResultCache:
    """Open the cache of one kind of result, the same object for the same arguments.

    Parameters
    ----------
    kind : str
        First part of the file name.
    cache_dir : path or None
        Folder; None keeps results in memory only.
    libraries : iterable of str
        Installed distributions on whose versions the results depend.
    definition : object
        Whatever else they depend on; its `repr` is hashed.
    """
    versions = [f"{library}-{version(library)}" for library in libraries]
    digest = sha256(repr((versions, definition)).encode()).hexdigest()[:12]
    name = "_".join([kind, *versions, digest]) + ".json"
    return _opened(None if cache_dir is None else Path(cache_dir) / name, name)


@lru_cache(maxsize=32)
def _opened(path: Path | None, name: str) -> ResultCache:  # noqa: ARG001 - the name tells in-memory caches apart
    return ResultCache(path)
