"""How are recipes modelled, where a user may choose?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class ModelOptions(BaseModel):
    """Choices of the model, passed on to `models.recipe_model.RecipeModel`.

    Attributes
    ----------
    own_source : str or None
        The source, as in the column ``source``, that predictions are for. When left out: the only one, or the only
        one of a user's own tables; else a lab that has no cells yet.
    borrow : float or "choose"
        What a cell of another source counts beside an own one, 0 to 1; ``choose`` takes what predicts the own recipes
        best when they are left out, and 0 where that does not help.
    robust : bool
        Whether cells far from the rest count less; the verdicts then name how many.
    select_groups : bool
        Whether groups of features that do not pay are dropped, from twenty recipes on; the verdicts tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    own_source: str | None = None
    borrow: Annotated[float, Field(ge=0, le=1)] | Literal["choose"] = "choose"
    robust: bool = False
    select_groups: bool = True
