"""Turns a moment into the clock, weekday and date where the subject was, daylight saving included."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pandas as pd

LOCAL_FACTS = ("local_minute", "local_weekday", "local_date")


def in_zone(sent_at: pd.Series[pd.Timestamp], timezone: str | None) -> pd.DataFrame:
    """Return the local facts for moments in one named time zone.

    Every moment has exactly one local clock, also in the hour that a clock repeats in autumn; the hour that it skips in
    spring never occurs.

    Args:
        sent_at: Aware moments, NaT where not known.
        timezone: IANA name such as `Europe/Berlin`. Where it is None or unknown, all facts are missing, and a missing
            fact denies.

    Returns:
        A frame with the columns of `LOCAL_FACTS` and the index of `sent_at`.
    """
    try:
        zone = ZoneInfo(timezone) if timezone else None
    # ZoneInfoNotFoundError is a KeyError; a name such as "../x" is a ValueError, a folder's name an OSError.
    except (KeyError, ValueError, OSError):
        zone = None
    if zone is None:
        return _facts(sent_at.dt.tz_convert("UTC"), known=sent_at.notna() & False)
    return _facts(sent_at.dt.tz_convert(zone), known=sent_at.notna())


def at_offset(sent_at: pd.Series[pd.Timestamp], offset_min: pd.Series[int]) -> pd.DataFrame:
    """Return the local facts for moments whose source states its own offset from UTC, as mail and git do.

    Args:
        sent_at: Aware moments, NaT where not known.
        offset_min: Minutes east of UTC, NA where not stated; beyond -12 h and +14 h it is no place on earth, hence NA.
    """
    import pandas as pd

    offset = offset_min.astype("Int32")
    sound = (offset >= -720) & (offset <= 840)
    known = sent_at.notna() & sound.fillna(False).astype(bool)
    shift = pd.to_timedelta(offset.where(known, 0).astype("int64"), unit="m")
    return _facts(sent_at.dt.tz_convert("UTC") + shift, known=known)


def _facts(local: pd.Series[pd.Timestamp], known: pd.Series[bool]) -> pd.DataFrame:
    import pandas as pd

    minute = (local.dt.hour * 60 + local.dt.minute).astype("Int32").where(known)
    weekday = local.dt.weekday.astype("Int32").where(known)
    date = local.dt.strftime("%Y-%m-%d").astype("str").where(known)
    return pd.DataFrame({"local_minute": minute, "local_weekday": weekday, "local_date": date})
