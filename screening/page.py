"""How do all pages that LiRAP writes look and work alike?"""

from __future__ import annotations

import re
from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOI = re.compile(r"10\.\d{4,9}/\S+")


def page_html(template: str, package: str = "screening", **content: Any) -> str:
    """Fill a template of a page that needs no other file and no network.

    Parameters
    ----------
    template : str
        A file in the folder ``templates`` of the package. It may extend ``base.html`` (the frame: style, skip link,
        sorting of tables, nothing loaded from anywhere) and import ``tables.html`` (the tables).
    package : str
        One of LiRAP's packages.
    **content
        What the template names. Everything is escaped.

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, "screening"))])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests["doi"] = is_doi
    return environment.get_template(template).render(**content)


def is_doi(text: str) -> bool:
    """Tell whether a text is a digital object identifier and nothing else.

    Examples
    --------
    >>> is_doi("10.1002/celc.202500286"), is_doi("own lab")
    (True, False)
    """
    return _DOI.fullmatch(text) is not None


def svg_data(figure: Figure) -> str:
    """Write a picture as the address of an image that is within the page, the same for the same picture.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        ``data:image/svg+xml;base64,...``, without a background.
    """
    import matplotlib as mpl

    drawn = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "lirap"}):
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{b64encode(drawn.getvalue()).decode()}"
